//! The records of the activity log in the store. A record's slot follows from its number, which a counter hands out:
//! two instances never have the same one.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::Activity;
use super::gather::{Batch, Lane, Taken, Which};
use super::line::number;
use crate::ports::{Ports, Store as _, StoreError};
use crate::service::record::{Key, VERSION};

/// What a record begins with. It is compared as text: reading it would take as long as an exchange.
fn head(sequence: u64) -> String {
    let mut head = "{\"version\":".to_string();
    number(&mut head, VERSION);
    head.push_str(",\"sequence\":");
    number(&mut head, sequence);
    head.push(',');
    head
}

fn record(batch: &Batch, sequence: u64) -> Vec<u8> {
    let mut record = head(sequence);
    record.reserve(batch.text.len() + 48);
    if batch.dropped > 0 {
        record.push_str("\"dropped\":");
        number(&mut record, batch.dropped.into());
        record.push(',');
    }
    record.push_str("\"decisions\":[");
    record.push_str(&batch.text);
    record.push_str("]}");
    record.into_bytes()
}

impl<P: Ports> Activity<P> {
    /// Writes what waits. Where the store fails, what was not written is lost, and counted.
    pub(super) async fn write(&self, now: u64, which: Which<'_>) -> Result<(), StoreError> {
        loop {
            let taken = self.gathered.borrow_mut().take(which, now);
            let Some(mut taken) = taken else { return Ok(()) };
            match self.write_batch(&taken).await {
                Ok(sequence) => {
                    taken.batch.written(sequence);
                    self.gathered.borrow_mut().put_back(taken);
                }
                Err(error) => {
                    self.gathered.borrow_mut().lose(&taken);
                    return Err(error);
                }
            }
        }
    }

    /// Writes a record and returns its number: the one that it has, unless its slot has gone to another one since.
    async fn write_batch(&self, Taken { organization, lane, batch }: &Taken) -> Result<u64, StoreError> {
        let store = self.shell.ports.registry();
        let slot = |sequence: u64| Key::activity(organization, lane.name(), sequence % lane.records());
        if let Some(sequence) = batch.sequence {
            let key = slot(sequence);
            let stored = store.get(&key).await?;
            if stored.is_some_and(|stored| stored.starts_with(head(sequence).as_bytes())) {
                store.set(&key, &record(batch, sequence)).await?;
                return Ok(sequence);
            }
        }
        let sequence = store.increment(&Key::activity_counter(organization, lane.name())).await?;
        let sequence = sequence.unsigned_abs();
        store.set(&slot(sequence), &record(batch, sequence)).await?;
        Ok(sequence)
    }

    /// The records of an organization, in no order.
    pub(super) async fn records(
        &self,
        organization: &str,
        mut each: impl FnMut(Lane, &str, &[u8]),
    ) -> Result<(), StoreError> {
        let store = self.shell.ports.registry();
        for lane in Lane::ALL {
            for slot in 0..lane.records() {
                let key = Key::activity(organization, lane.name(), slot);
                if let Some(record) = store.get(&key).await? {
                    each(lane, &key, &record);
                }
            }
        }
        Ok(())
    }
}
