//! The clock that the component reads.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use asserta::clock::ShiftedClock;
use asserta::{Secret, Settings};

use crate::host;
use crate::wire::exchange;

const TOKEN: &str = "an-admin-token-for-tests-of-enough-length";

#[tokio::test(flavor = "multi_thread")]
async fn a_test_moves_time_by_days() {
    let clock = ShiftedClock::default();
    let settings = Settings { admin_token: Some(Secret::new(TOKEN)), ..Settings::default() };
    let host = host().settings(settings).clock(clock.clone()).start().await.unwrap();
    let register = format!(
        "POST /admin/organizations/default/applications HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         authorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    let issued_at = async || {
        let answer = exchange(host.address(), &register).await;
        let body = answer.split("\r\n\r\n").nth(1).unwrap();
        let application: serde_json::Value = serde_json::from_str(body).unwrap();
        Duration::from_secs(application["client_id_issued_at"].as_u64().unwrap())
    };
    let present = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let first = issued_at().await;
    assert!(first.abs_diff(present) < Duration::from_secs(60));
    clock.advance(Duration::from_secs(10 * 86_400));
    let passed = issued_at().await - first;
    assert!(passed.abs_diff(Duration::from_secs(10 * 86_400)) < Duration::from_secs(60), "{passed:?}");
}
