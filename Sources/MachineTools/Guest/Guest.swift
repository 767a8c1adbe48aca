package import HostSystem
internal import ImageModel

/// Runs steps in a machine's system: its own kernel is booted on its disk by qemu, without any of its services.
///
/// Why so, and not by libguestfs: that starts a system of its own first (15 s against 5 s here without KVM), runs programs of the
/// guest under another kernel, and is one more thing to install.
package struct Guest: Sendable {
  let processes: any ProcessRunner
  let files: any FileSystem
  let environment: [String: String]
  package let accelerator: Accelerator
  private let clock: any Clock<Duration>

  package init(
    processes: any ProcessRunner, files: any FileSystem, environment: [String: String], accelerator: Accelerator,
    clock: any Clock<Duration> = ContinuousClock()
  ) {
    (self.processes, self.files, self.environment) = (processes, files, environment)
    (self.accelerator, self.clock) = (accelerator, clock)
  }

  static let program = (name: "qemu-system-x86_64", package: "qemu-system-x86")

  private var host: HostProgram {
    HostProgram(
      name: Self.program.name, package: Self.program.package, environment: environment, processes: processes)
  }

  /// - Parameter log: called with the guest's lines, and with phases of its boot.
  /// - Throws: `Failure` with the console's last lines where the guest does not boot, does not end, or its step fails.
  @discardableResult package func run(
    _ job: GuestJob, log: @escaping @Sendable (String) -> Void
  ) async throws -> GuestResult {
    let sign = "coppice-" + String(UInt64.random(in: 1 << 60...UInt64.max), radix: 36)
    let script = job.disk.parent / FilePath(".coppice-" + String(UInt64.random(in: 1 << 40...UInt64.max), radix: 36))
    let text = Self.padded(Array(GuestScript(sign: sign, job: job).text.utf8))
    try await onBlockingThread { [files] in try files.replaceUnsynced(script, with: text, mode: 0o600) }
    let result: Result<GuestResult, any Error>
    do {
      result = .success(try await boot(job, script, sign, log))
    } catch {
      result = .failure(error)
    }
    // It may hold what only the guest may know.
    try? await onBlockingThread { [files] in try files.remove(script) }
    return try result.get()
  }

  /// A disk has whole sectors; the shell has ended before it reads what fills the last one.
  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: UInt8(ascii: "\n"), count: -bytes.count & 511)
  }

  private func boot(
    _ job: GuestJob, _ script: FilePath, _ sign: String, _ log: @escaping @Sendable (String) -> Void
  ) async throws -> GuestResult {
    let start = ContinuousClock().now
    let console = GuestConsole(sign: sign, log: log) { phase in
      let seconds = (ContinuousClock().now - start).components
      let tenths = seconds.attoseconds / 100_000_000_000_000_000
      log("guest: \(phase.rawValue) after \(seconds.seconds).\(tenths) s")
    }
    let command = ProcessCommand(
      [Self.program.name] + arguments(job, script), environment: environment,
      output: .handler { console.add($0) }, errorOutput: .handler { console.add($0) }, grace: .seconds(1))
    let ended = try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
      group.addTask {
        do throws(ProcessError) {
          return try await processes.run(command)
        } catch {
          throw host.failure(error)
        }
      }
      group.addTask { [clock] in
        try await clock.sleep(for: job.bootLimit)
        guard console.now.phase >= .booted else { return nil }
        try await clock.sleep(for: job.stepLimit)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next().flatMap(\.self)
    }
    console.finish()
    return try Self.result(of: ended, console.now, job)
  }

  private static func result(
    of ended: ExitStatus?, _ state: GuestConsole.State, _ job: GuestJob
  ) throws -> GuestResult {
    let last = state.tail.isEmpty ? "it said nothing" : "its last lines:\n  " + state.tail.joined(separator: "\n  ")
    if ended == nil {
      let isBooted = state.phase >= .booted
      let seconds = (isBooted ? job.stepLimit : job.bootLimit).components.seconds
      throw Failure(
        isBooted
          ? "the step did not end within \(seconds) seconds; \(last)"
          : "the guest did not boot within \(seconds) seconds; \(last)",
        help: isBooted
          ? "give it more time, or see what it waits for"
          : "its kernel must have drivers for virtio disks and ext4, and a serial console")
    }
    if let fault = state.fault { throw Failure("\(fault); \(last)", help: "see the step's log") }
    guard let status = state.status else {
      throw Failure(
        state.phase >= .booted ? "the guest ended without a result; \(last)" : "the guest did not boot; \(last)",
        help: "see the step's log")
    }
    if status != 0 {
      let isFull = state.freeSpace < 4 << 20
      throw Failure(
        "the step failed with exit status \(status)\(isFull ? ", and the disk of the guest is full" : ""); \(last)",
        help: isFull ? "raise `disk_size`, or remove what is not needed" : nil)
    }
    return GuestResult(status: status, isBootChanged: state.isBootChanged, freeSpace: state.freeSpace)
  }

  private func arguments(_ job: GuestJob, _ script: FilePath) -> [String] {
    var arguments = ["-M", "q35", "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none"]
    arguments += accelerator.arguments
    arguments += ["-m", String(job.memory), "-smp", String(job.cpus), "-no-reboot", "-serial", "stdio"]
    arguments += ["-rtc", "base=utc", "-object", "rng-random,id=rng,filename=/dev/urandom"]
    arguments += ["-device", "virtio-rng-pci,rng=rng"]
    arguments += Self.disk(job.disk, "qcow2", GuestScript.rootDisk, "cache=unsafe,discard=unmap,detect-zeroes=unmap")
    arguments += Self.disk(script, "raw", GuestScript.scriptDisk, "readonly=on")
    if let payload = job.payload { arguments += Self.disk(payload, "raw", GuestScript.payloadDisk, "readonly=on") }
    arguments +=
      job.usesNetwork
      ? ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net"] : ["-nic", "none"]
    arguments += ["-kernel", job.boot.kernel.description]
    if let initrd = job.boot.initrd { arguments += ["-initrd", initrd.description] }
    // Words behind the dashes are the arguments of the first process.
    let line =
      "root=UUID=\(job.boot.root) rw console=ttyS0 quiet loglevel=3 panic=-1 oops=panic net.ifnames=0 "
      + "init=/bin/sh -- /dev/disk/by-id/virtio-\(GuestScript.scriptDisk)"
    return arguments + ["-append", line]
  }

  private static func disk(_ path: FilePath, _ form: String, _ serial: String, _ options: String) -> [String] {
    // qemu ends a value at a comma, unless there are two.
    let file = path.description.replacing(",", with: ",,")
    return [
      "-drive", "file=\(file),format=\(form),if=none,id=\(serial),\(options)",
      "-device", "virtio-blk-pci,drive=\(serial),serial=\(serial)",
    ]
  }
}
