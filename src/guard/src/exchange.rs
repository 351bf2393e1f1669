//! Requests that come in and go on, and answers in the place of the guarded handler's.

use alloc::string::String;
use alloc::vec::Vec;

use asserta_core::resource::{Answer, is_our_header};

use crate::bindings::wasi::http::types::{ErrorCode, Fields, Method, Request, Response, Trailers};
use crate::bindings::{wit_future, wit_stream};

/// What the guard looks at of a request, and its headers for the way on.
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) authorization: Vec<String>,
    pub(crate) dpop: Vec<String>,
    headers: Vec<(String, Vec<u8>)>,
}

impl Received {
    pub(crate) fn read(request: &Request) -> Self {
        let headers = request.get_headers().copy_all();
        let values = |wanted: &str| {
            let of_name = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            // A value that is no text is none that passes.
            of_name.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
        };
        Self {
            method: method(request.get_method()),
            target: request.get_path_with_query().unwrap_or_default(),
            authorization: values("authorization"),
            dpop: values("dpop"),
            headers,
        }
    }

    /// The token, for the issuer to be asked about. It has been verified before anybody is.
    pub(crate) fn token(&self) -> &str {
        let value = self.authorization.first().map_or("", String::as_str);
        value.split_once(' ').map_or("", |(_, token)| token.trim_start_matches(' '))
    }

    /// The request as the guarded handler gets it: with our headers, and with none that only looks like one.
    pub(crate) fn forward(
        self,
        request: Request,
        ours: &[(&'static str, String)],
    ) -> Result<Request, ErrorCode> {
        let (method, target) = (request.get_method(), request.get_path_with_query());
        let (scheme, authority) = (request.get_scheme(), request.get_authority());
        // A copy: made from a list, they could not have those that a component may not set itself, such as the `host` that
        // Spin leaves among them.
        let headers = request.get_headers().clone();
        for (name, _) in self.headers.iter().filter(|(name, _)| is_our_header(name)) {
            headers.delete(name).map_err(|_| internal())?;
        }
        for (name, value) in ours {
            headers.append(name, value.as_bytes()).map_err(|_| internal())?;
        }
        let (_received, result) = wit_future::new(|| Ok(()));
        let (body, trailers) = Request::consume_body(request, result);
        let (forwarded, _transmitted) = Request::new(headers, Some(body), trailers, None);
        let refused = |()| internal();
        forwarded.set_method(&method).map_err(refused)?;
        forwarded.set_path_with_query(target.as_deref()).map_err(refused)?;
        forwarded.set_scheme(scheme.as_ref()).map_err(refused)?;
        forwarded.set_authority(authority.as_deref()).map_err(refused)?;
        Ok(forwarded)
    }
}

/// Hands an answer to the host; its body follows while the host reads it.
pub(crate) fn answer(answer: Answer) -> Result<Response, ErrorCode> {
    let fields = answer.headers.into_iter().map(|(name, value)| (String::from(name), value.into_bytes()));
    let headers = Fields::from_list(&fields.collect::<Vec<_>>()).map_err(|_| internal())?;
    let (_end, trailers) = wit_future::new::<Result<Option<Trailers>, ErrorCode>>(|| Ok(None));
    let body = (!answer.body.is_empty()).then(|| {
        let (mut writer, reader) = wit_stream::new::<u8>();
        let body = answer.body.into_bytes();
        wit_bindgen::spawn_local(async move {
            // Whatever is left over a client has not waited for.
            _ = writer.write_all(body).await;
        });
        reader
    });
    let (response, _transmitted) = Response::new(headers, body, trailers);
    response.set_status_code(answer.status).map_err(|()| internal())?;
    Ok(response)
}

fn internal() -> ErrorCode {
    ErrorCode::InternalError(None)
}

fn method(method: Method) -> String {
    let name = match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Delete => "DELETE",
        Method::Connect => "CONNECT",
        Method::Options => "OPTIONS",
        Method::Trace => "TRACE",
        Method::Patch => "PATCH",
        Method::Other(name) => return name,
    };
    name.into()
}
