//! What stands behind the guard in tests: it answers with the request as it came, a header a line, and the body after an
//! empty line.

use bindings::exports::wasi::http::handler::Guest;
use bindings::wasi::http::types::{ErrorCode, Fields, Request, Response, Trailers};
use bindings::{wit_future, wit_stream};

mod bindings {
    #![allow(unsafe_code, reason = "the canonical ABI passes pointers and lengths")]
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]

    wit_bindgen::generate!({
        path: "../../src/guard/wit",
        inline: "package asserta:guarded; world guarded { export wasi:http/handler@0.3.0; }",
        world: "asserta:guarded/guarded",
        generate_all,
    });

    export!(Guarded with_types_in self);
    pub(crate) struct Guarded;
}

impl Guest for bindings::Guarded {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let mut seen = Vec::new();
        seen.extend_from_slice(
            format!("target: {}\n", request.get_path_with_query().unwrap_or_default()).as_bytes(),
        );
        for (name, value) in request.get_headers().copy_all() {
            seen.extend_from_slice(format!("{name}: ").as_bytes());
            seen.extend_from_slice(&value);
            seen.push(b'\n');
        }
        seen.push(b'\n');
        let (_consumed, result) = wit_future::new(|| Ok(()));
        let (mut stream, _trailers) = Request::consume_body(request, result);
        loop {
            let (status, part) = stream.read(Vec::with_capacity(4096)).await;
            seen.extend_from_slice(&part);
            if !matches!(status, wit_bindgen::StreamResult::Complete(_)) {
                break;
            }
        }
        let (_end, trailers) = wit_future::new::<Result<Option<Trailers>, ErrorCode>>(|| Ok(None));
        let (mut writer, reader) = wit_stream::new::<u8>();
        wit_bindgen::spawn_local(async move {
            _ = writer.write_all(seen).await;
        });
        Ok(Response::new(Fields::new(), Some(reader), trailers).0)
    }
}
