//! The token endpoint as a Spin HTTP trigger.

mod bindings {
    //! wasi:keyvalue, of the draft that Spin 4.1 serves.
    spin_sdk::wit_bindgen::generate!({
        world: "storage",
        path: "wit",
        runtime_path: "::spin_sdk::wit_bindgen::rt",
        generate_all,
    });
}

use bindings::wasi::keyvalue::{atomics, store};
use spin_sdk::http::{IntoResponse, Request, StatusCode};
use spin_sdk::http_service;
use spin_sdk::wasip3::{clocks, random};

#[http_service]
async fn serve(request: Request) -> impl IntoResponse {
    match request.uri().path() {
        "/health" => match probe().await {
            Ok(report) => (StatusCode::OK, report),
            Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error),
        },
        _ => (StatusCode::NOT_FOUND, String::new()),
    }
}

/// Touches everything that the endpoint imports, once.
async fn probe() -> Result<String, String> {
    let registrations = store::open("default").map_err(|e| format!("default: {e:?}"))?;
    registrations
        .set("health", b"ok")
        .map_err(|e| format!("set: {e:?}"))?;
    let value = registrations
        .get("health")
        .map_err(|e| format!("get: {e:?}"))?;
    registrations
        .delete("health")
        .map_err(|e| format!("delete: {e:?}"))?;
    let replay = store::open("replay").map_err(|e| format!("replay: {e:?}"))?;
    let count =
        atomics::increment(&replay, "health", 1).map_err(|e| format!("increment: {e:?}"))?;
    let keys = replay
        .list_keys(None)
        .map_err(|e| format!("list-keys: {e:?}"))?
        .keys;
    let public_url = spin_sdk::variables::get("public_url")
        .await
        .map_err(|e| e.to_string())?;
    let now = clocks::system_clock::now().seconds;
    let noise = random::random::get_random_bytes(4);
    clocks::monotonic_clock::wait_for(1_000).await;
    let fetched = match spin_sdk::http::get(public_url.as_str()).await {
        Ok(response) => response.status().to_string(),
        Err(error) => error.to_string(),
    };
    Ok(format!(
        "{value:?} {count} {keys:?} {public_url} {now} {noise:?} {fetched}\n"
    ))
}
