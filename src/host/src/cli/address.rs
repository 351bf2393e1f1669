//! An address to listen on, as a person gives it.

use std::io::ErrorKind;
use std::net::TcpListener;

use super::failure::Failure;

/// Whether it can be listened on. Tried before the component is compiled, which takes seconds, and let go again: who
/// connects before there is something that answers should be refused, and not wait.
pub(super) fn check(option: &str, address: &str) -> Result<(), Failure> {
    let port = address.rsplit_once(':').map(|(_, port)| port);
    if port.is_none_or(|port| port.parse::<u16>().is_err()) {
        let problem = "must be HOST:PORT, such as 127.0.0.1:3000";
        return Err(Failure::invalid(format!("{option} {address}"), problem));
    }
    TcpListener::bind(address).map(drop).map_err(|error| {
        let advice = match error.kind() {
            ErrorKind::AddrInUse | ErrorKind::AddrNotAvailable | ErrorKind::PermissionDenied => {
                "; choose another HOST:PORT"
            }
            _ => "",
        };
        Failure::invalid(format!("{option} {address}"), format_args!("{error}{advice}"))
    })
}
