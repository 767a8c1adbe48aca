package import HostSystem
package import ImageModel

/// VirtualBox's program, with a registry of its own: the machines and disks of the person who runs coppice are not in it, so none
/// of them can be touched.
package struct VirtualBox: Sendable {
  /// Words before its arguments are the program; one that stands in another root is entered first.
  private let program: [String]
  private let manage: HostProgram
  let files: any FileSystem
  /// Holds the registry, and the machines.
  let home: FilePath
  private let clock: any Clock<Duration>

  /// - Parameters:
  ///   - program: by default looked up in PATH.
  ///   - home: a directory that nobody else uses.
  package init(
    program: [String] = ["VBoxManage"], home: FilePath, processes: any ProcessRunner, files: any FileSystem,
    environment: [String: String], clock: any Clock<Duration> = ContinuousClock()
  ) {
    var environment = environment
    environment["VBOX_USER_HOME"] = (home / "registry").description
    // One server answers all of a user's programs, with the registry that it was started with: ours is one of its own.
    environment["VBOX_IPC_SOCKETID"] = "coppice-" + Digest.sha256(home.bytes).short
    // Words are looked for in what it prints.
    environment["LC_ALL"] = "C"
    self.program = program
    manage = HostProgram(
      name: program.first ?? "VBoxManage", package: "virtualbox", environment: environment, processes: processes)
    (self.files, self.home, self.clock) = (files, home, clock)
  }

  private var machines: FilePath { home / "machines" }

  /// Every name of ours begins so.
  static let prefix = "coppice-"

  @discardableResult func run(_ arguments: String...) async throws -> [UInt8] { try await run(arguments) }

  @discardableResult func run(_ arguments: [String]) async throws -> [UInt8] {
    try await manage.run(Array(program.dropFirst()) + arguments)
  }

  /// Makes a machine around a disk, which stays where it lies and is nobody's but this machine's.
  /// - Returns: its name.
  package func create(_ hardware: MachineHardware, disk: FilePath, osType: String = "Debian_64") async throws -> String
  {
    let name = Self.prefix + String(UInt64.random(in: 1 << 40...UInt64.max), radix: 36)
    try await onBlockingThread { [files, machines] in try files.createDirectory(machines) }
    do {
      try await run(
        "createvm", "--name", name, "--ostype", osType, "--basefolder", machines.description, "--register")
      try await run(
        "modifyvm", name, "--memory", String(hardware.memory), "--cpus", String(hardware.cpus), "--vram",
        String(hardware.videoMemory), "--accelerate-3d", hardware.accelerates3D ? "on" : "off",
        "--graphicscontroller", "vmsvga", "--boot1", "disk", "--nic1", "nat", "--ioapic", "on")
      try await run("storagectl", name, "--name", "SATA", "--add", "sata", "--portcount", "2", "--bootable", "on")
      try await run(
        "storageattach", name, "--storagectl", "SATA", "--port", "0", "--device", "0", "--type", "hdd", "--medium",
        disk.description)
    } catch {
      try? await remove(name)
      throw error
    }
    return name
  }

  /// What VirtualBox says of a machine, by key.
  package func facts(of name: String) async throws -> [String: String] {
    let output = String(decoding: try await run("showvminfo", name, "--machinereadable"), as: UTF8.self)
    var facts: [String: String] = [:]
    for line in output.split(whereSeparator: \.isNewline) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      func bare(_ text: Substring) -> String { text.filter { $0 != "\"" } }
      facts[bare(line[..<equals])] = bare(line[line.index(after: equals)...])
    }
    return facts
  }

  /// Takes a machine apart without its disks.
  ///
  /// Never `unregistervm --delete`: that of a linked clone deletes the disk that it was cloned from, and that of a machine
  /// whatever disk is attached.
  package func remove(_ name: String) async throws {
    guard name.hasPrefix(Self.prefix) else {
      throw Failure("\(name) is not a machine of coppice, and stays", help: "remove it with VBoxManage")
    }
    let facts = try await facts(of: name)
    if ["running", "paused", "stuck"].contains(facts["VMState"] ?? "") {
      try await run("controlvm", name, "poweroff")
      try await wait(for: name, limit: .seconds(60)) { $0 == "poweroff" || $0 == "aborted" }
    }
    for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
      // "SATA-0-0" and its like; there are no other keys with two numbers behind a controller.
      let parts = key.split(separator: "-")
      guard parts.count == 3, Int(parts[1]) != nil, Int(parts[2]) != nil, value != "none", value != "emptydrive" else {
        continue
      }
      try await run(
        "storageattach", name, "--storagectl", String(parts[0]), "--port", String(parts[1]), "--device",
        String(parts[2]), "--medium", "none")
      // A disk that is gone is known no longer.
      _ = try? await run("closemedium", "disk", value)
    }
    try await run("unregistervm", name)
    try await onBlockingThread { [files, machines] in try files.removeTree(machines / FilePath(name)) }
  }

  /// Takes apart what a killed run left. The registry is ours alone, and one coppice at a time writes.
  /// - Returns: their names.
  @discardableResult package func removeAbandoned() async throws -> [String] {
    let listed = String(decoding: try await run("list", "vms"), as: UTF8.self)
    var removed: [String] = []
    for line in listed.split(whereSeparator: \.isNewline) {
      // "name" {uuid}
      guard let name = line.split(separator: "\"").first.map(String.init), name.hasPrefix(Self.prefix) else { continue }
      try await remove(name)
      removed.append(name)
    }
    return removed
  }

  /// Boots a machine without a window, and waits until its guest answers.
  /// - Throws: `Failure` where VirtualBox cannot run machines here (its kernel module), or the guest has no additions.
  func start(_ name: String, _ login: GuestLogin, limit: Duration) async throws {
    do {
      try await run("startvm", name, "--type", "headless")
    } catch let failure as Failure {
      throw Failure(failure.message, help: "VirtualBox must be able to run machines here: see `VBoxManage startvm`")
    }
    let end = ContinuousClock().now + limit
    while true {
      do {
        _ = try await run(login.command(name, ["/bin/true"]))
        return
      } catch let failure as Failure {
        guard ContinuousClock().now < end else {
          throw Failure(
            "the guest did not answer within \(limit.components.seconds) seconds: \(failure.message)",
            help: "it needs VirtualBox's guest additions, and an account that may log in")
        }
      }
      try await clock.sleep(for: .seconds(5))
    }
  }

  /// Runs a program in a guest that answers.
  func run(_ words: [String], in name: String, _ login: GuestLogin) async throws -> [UInt8] {
    try await run(login.command(name, words))
  }

  /// Copies a file or a directory with all below it.
  func copy(_ source: FilePath, to target: String, isDirectory: Bool, in name: String, _ login: GuestLogin) async throws
  {
    try await run(
      ["guestcontrol", name, "copyto"] + login.arguments + (isDirectory ? ["--recursive"] : [])
        + ["--target-directory", target, source.description])
  }

  /// Presses the button, and waits until the guest has shut down.
  func shutDown(_ name: String, limit: Duration) async throws {
    try await run("controlvm", name, "acpipowerbutton")
    try await wait(for: name, limit: limit) { $0 == "poweroff" }
  }

  private func wait(for name: String, limit: Duration, _ isReached: (String) -> Bool) async throws {
    let end = ContinuousClock().now + limit
    while true {
      let state = try await facts(of: name)["VMState"] ?? ""
      if isReached(state) { return }
      guard ContinuousClock().now < end else {
        throw Failure("\(name) is still \(state) after \(limit.components.seconds) seconds")
      }
      try await clock.sleep(for: .seconds(1))
    }
  }
}

/// An account of a guest. Its password is in a file: arguments are seen by everybody.
struct GuestLogin: Sendable {
  var user: String
  var passwordFile: FilePath

  var arguments: [String] { ["--username", user, "--passwordfile", passwordFile.description] }

  func command(_ name: String, _ words: [String]) -> [String] {
    ["guestcontrol", name, "run"] + arguments + ["--wait-stdout", "--wait-stderr", "--"] + words
  }
}
