//! Cores and processes: who runs where, and what it used.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// Where the servers under test run.
pub const SERVER_CORE: usize = 0;
/// Where the load comes from.
pub const LOAD_CORE: usize = 1;

/// Binds the calling thread to a core.
pub fn bind_thread(core: usize) -> Result<()> {
    // A link to `<process>/task/<thread>`.
    let thread = fs::read_link("/proc/thread-self").context("no /proc")?;
    let thread = thread.file_name().context("/proc/thread-self has an unknown form")?;
    let mut taskset = Command::new("taskset");
    taskset.arg("--cpu-list").arg("--pid").arg(core.to_string()).arg(thread).stdout(Stdio::null());
    ensure!(taskset.status().context("taskset is missing")?.success(), "core {core} cannot be used");
    Ok(())
}

/// The processor time that a process has used, its threads together.
pub fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the server is gone")?;
    // The second field is a name in parentheses, which may hold anything; utime and stime are the
    // fields 14 and 15 (proc_pid_stat(5)).
    let (_, fields) = stat.rsplit_once(") ").context("/proc/<pid>/stat has an unknown form")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or(0)).sum();
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_secs_f64(ticks as f64 / per_second as f64))
}

/// The most memory that a process has had resident, in MiB.
pub fn peak_memory(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the server is gone")?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in its status")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes / 1024.0)
}

/// How busy the machine was in the last minute, before the bench itself: above a few tenths, figures
/// are noise.
pub fn load_average() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// The name of the processor.
pub fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| "unknown".to_owned(), |(_, name)| name.to_owned())
}
