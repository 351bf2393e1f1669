use std::collections::HashMap;

use bytes::Bytes;
use http::StatusCode;
use tokio::task::JoinSet;

use super::*;
use crate::clock::SystemClock;
use crate::keyvalue::MemoryStores;
use crate::outbound::{Outbound, OutboundRules};
use crate::program::{MAX_INSTANCES, MAX_MEMORY_BYTES};
use crate::settings::{EndpointSettings, Settings};
use crate::signatures::Signatures;

/// As many instances as there may be, at least for a moment.
fn instances() -> Arc<Instances> {
    let target = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target");
    let component = std::fs::read(format!("{target}/components/handler.wasm"));
    let component = component.expect("target/components/handler.wasm is there: `make wasm` builds it");
    let program = Program::load(&component, Some(format!("{target}/host-compiled").as_ref())).unwrap();
    let world = Arc::new(World {
        stores: Arc::new(MemoryStores::new()),
        settings: EndpointSettings::new(Settings::default(), "http://127.0.0.1:1".to_owned()),
        clock: Arc::new(SystemClock),
        outbound: Outbound::new(OutboundRules::default()),
        signatures: Signatures::default(),
        metrics: None,
        memory_limit: MAX_MEMORY_BYTES,
        computing_time: Duration::from_secs(10),
    });
    let all = MAX_INSTANCES as usize;
    let shares = ShareLimits { requests: all, instances: all, computing: 2 };
    Arc::new(Instances::new(program, world, all, shares, Duration::from_secs(30)))
}

/// Requests that arrive while idle instances are dropped find room for others.
#[tokio::test(flavor = "multi_thread")]
async fn dropped_instances_make_room_first() {
    let instances = instances();
    for _ in 0..5 {
        let mut requests = JoinSet::new();
        for _ in 0..MAX_INSTANCES {
            let instances = instances.clone();
            requests.spawn(async move {
                let (sender, response) = oneshot::channel();
                instances.handle(http::Request::get("/health").body(Bytes::new()).unwrap(), sender).await;
                match response.await.unwrap() {
                    Ok(response) if response.status() == StatusCode::OK => "200".to_owned(),
                    Ok(response) => response.status().to_string(),
                    Err(error) => error.to_string(),
                }
            });
        }
        instances.drop_idle_for(Duration::ZERO);
        let mut responses: HashMap<String, usize> = HashMap::new();
        for response in requests.join_all().await {
            *responses.entry(response).or_default() += 1;
        }
        assert_eq!(responses.get("200"), Some(&(MAX_INSTANCES as usize)), "{responses:?}");
    }
}
