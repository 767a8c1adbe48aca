internal import HostSystem
internal import ImageModel

/// Finds out whether KVM works here: that its device can be opened says little, so a kernel is booted with it.
struct AcceleratorProbe: Sendable {
  let processes: any ProcessRunner
  let files: any FileSystem
  let environment: [String: String]
  /// Where the answer is kept; it counts for one kernel of this machine.
  let memory: FilePath
  var limit = Duration.seconds(10)

  /// - Parameter kernel: any that can be booted.
  func find(with kernel: FilePath) async -> Accelerator {
    guard (try? files.statusIfPresent(of: "/dev/kvm"))?.map({ $0.kind == .characterDevice }) ?? false else {
      return .tcg
    }
    let release = (try? files.contents(of: "/proc/version", limit: 4096)) ?? []
    let key = Digest.sha256(release).short
    if let known = remembered(key) { return known }
    let found: Accelerator = await boots(kernel) ? .kvm : .tcg
    try? files.replaceUnsynced(memory, with: Array("\(key) \(found.rawValue)\n".utf8), mode: 0o644)
    return found
  }

  private func remembered(_ key: String) -> Accelerator? {
    let bytes = (try? files.contentsIfPresent(of: memory, limit: 4096)) ?? nil
    let words = String(decoding: bytes ?? [], as: UTF8.self).split { $0.isWhitespace }
    guard words.count == 2, words[0] == key else { return nil }
    return Accelerator(rawValue: String(words[1]))
  }

  /// Whether the kernel says its first words.
  private func boots(_ kernel: FilePath) async -> Bool {
    let said = Locked(false)
    let lines = ConsoleLines { line in if line.contains("Linux version") { said.withLock { $0 = true } } }
    let arguments =
      ["-M", "q35", "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-nic", "none"]
      + Accelerator.kvm.arguments
      + ["-m", "256", "-no-reboot", "-serial", "stdio", "-kernel", kernel.description]
      + ["-append", "console=ttyS0 panic=-1"]
    let command = ProcessCommand(
      [Guest.program.name] + arguments, environment: environment, output: .handler { lines.add($0) }, grace: .seconds(1)
    )
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [processes] in _ = try? await processes.run(command) }
      group.addTask { [limit] in
        // The first words are enough: nobody waits for a kernel that panics slowly.
        let end = ContinuousClock().now + limit
        while ContinuousClock().now < end, !said.withLock({ $0 }), !Task.isCancelled {
          try? await Task.sleep(for: .milliseconds(50))
        }
      }
      await group.next()
      group.cancelAll()
    }
    return said.withLock { $0 }
  }
}
