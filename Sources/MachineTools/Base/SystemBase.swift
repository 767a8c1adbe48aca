internal import HostSystem
internal import ImageModel

/// Makes the disk of a system from packages, without anybody at a keyboard, without root where mmdebstrap needs none, and
/// without a mount: packages become a file tree, the tree a file system on a disk with one partition, and the system's own
/// kernel is booted once on it to put the boot loader there.
struct SystemBase: Sendable {
  let disks: DiskTool
  let files: any FileSystem
  let processes: any ProcessRunner
  let environment: [String: String]
  /// Makes the guest for a kernel.
  let guest: @Sendable (_ kernel: FilePath) async -> Guest

  private func program(_ name: String, _ package: String, _ more: [String: String] = [:]) -> HostProgram {
    // Debian keeps these where only root looks.
    var environment = environment
    environment["PATH", default: "/usr/bin:/bin"] += ":/usr/sbin:/sbin"
    return HostProgram(
      name: name, package: package, environment: environment.merging(more) { $1 }, processes: processes)
  }

  /// - Parameters:
  ///   - key: of what is made; identities follow from it.
  ///   - directory: for what lies around until then; it is empty.
  ///   - disk: where nothing lies yet: becomes a disk of qcow2.
  /// - Returns: what later steps boot with, in `directory`.
  func make(
    _ system: MachineSystem, key: Digest, diskSize: Int, in directory: FilePath, to disk: FilePath,
    log: @escaping @Sendable (String) -> Void
  ) async throws -> BootFiles {
    let identity = MachineIdentity.uuid(key, "root")
    let setup = SystemSetup(system: system, identity: identity)
    log("base: packages of \(system.suite)")
    let (tree, commands) = try await unpack(setup, in: directory, log)
    log("base: file system")
    let raw = directory / "disk.raw"
    try await makeDisk(raw, tree, commands, key, diskSize, identity)
    try await disks.convert(raw, .raw, to: disk, .qcow2)
    let boot = try await onBlockingThread { [files] in
      let found = try MachineDisk(raw: raw, files: files).bootFiles()
      let boot = try BootFiles(writing: found, root: identity, in: directory, files: files)
      try files.remove(raw)
      try files.removeTree(tree)
      return boot
    }
    log("base: first boot")
    var job = GuestJob(
      disk: disk, boot: boot, script: setup.firstBoot(passwords: try await passwords(of: system, salt: key)))
    job.environment = ["DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C", "SOURCE_DATE_EPOCH": Self.epoch]
    try await guest(boot.kernel).run(job, log: log)
    return boot
  }

  /// A fixed time, by which programs that know it make the same bytes twice.
  static let epoch = "1704067200"

  private func unpack(
    _ setup: SystemSetup, in directory: FilePath, _ log: @escaping @Sendable (String) -> Void
  ) async throws -> (tree: FilePath, commands: [String]) {
    let tree = directory / "tree"
    let sources = PackageSources(files: files).lines(for: setup.system)
    var arguments = ["--variant=minbase", "--format=tar", "--include=" + setup.packages.joined(separator: ",")]
    arguments.append("--components=" + setup.system.components.joined(separator: ","))
    if let proxy = try await proxyFile(in: directory) { arguments.append("--aptopt=\(proxy)") }
    arguments += ["--customize-hook=" + setup.hook, setup.system.suite, "-"] + sources
    let (commands, console) = (Locked<[String]>([]), ConsoleLines(log: log))
    let mmdebstrap = program("mmdebstrap", "mmdebstrap", ["SOURCE_DATE_EPOCH": Self.epoch])
    let command = ProcessCommand(
      ["mmdebstrap"] + arguments, environment: mmdebstrap.environment,
      output: .consumer { [files] reader in
        var staged = StagedTree(tree, files: files)
        try staged.add(reader, name: "the system's archive")
        let made = staged.commands
        commands.withLock { $0 = made }
      },
      errorOutput: .handler { console.add($0) })
    let status: ExitStatus
    do throws(ProcessError) {
      status = try await processes.run(command)
    } catch {
      // An archive that ends too early says less than what its maker said last.
      if case .stream = error, let said = console.tail.last(where: { $0.hasPrefix("E: ") }) {
        throw Failure("mmdebstrap: \(said)", help: Self.help)
      }
      throw mmdebstrap.failure(error)
    }
    console.finish()
    guard status.isSuccess else {
      let said = console.tail.last { $0.hasPrefix("E: ") } ?? console.tail.last
      throw Failure("mmdebstrap: \(said ?? status.description)", help: Self.help)
    }
    return (tree, commands.withLock { $0 })
  }

  private static let help =
    "see whether the suite and its packages can be had where apt of this machine has its own from"

  /// How apt of this machine reaches the network; a file, since it may name a password.
  private func proxyFile(in directory: FilePath) async throws -> FilePath? {
    let output = try? await program("apt-config", "apt").run([
      "dump", "--no-empty", "--format", "%f \"%v\";%n", "Acquire::http::Proxy", "Acquire::https::Proxy",
    ])
    guard let output, !output.isEmpty else { return nil }
    let path = directory / "apt.conf"
    try await onBlockingThread { [files] in try files.replaceUnsynced(path, with: output, mode: 0o600) }
    return path
  }

  private func makeDisk(
    _ raw: FilePath, _ tree: FilePath, _ commands: [String], _ key: Digest, _ diskSize: Int, _ identity: String
  ) async throws {
    // Whole MiB: the partition ends where the disk does.
    let size = diskSize - diskSize % (1 << 20)
    let start = PartitionTable.firstPartition
    guard size > start else { throw Failure("a disk of \(ByteCount(diskSize)) is too small for a system") }
    try await program("qemu-img", "qemu-utils").run(["create", "-q", "-f", "raw", raw.description, String(size)])
    let seed = MachineIdentity(key).contentID
    try await disks.patch(raw, .raw, at: 0, PartitionTable.sector(of: size, identity: seed), files: files)
    // extlinux reads neither of the two; without them, inode tables need not be written while they are empty only with the third.
    try await program("mke2fs", "e2fsprogs").run([
      "-q", "-F", "-t", "ext4", "-L", "root", "-m", "1", "-U", identity, "-O", "^64bit,^metadata_csum,uninit_bg",
      "-E", "offset=\(start),hash_seed=\(identity),root_owner=0:0", "-d", tree.description, raw.description,
      "\((size - start) >> 10)K",
    ])
    let script = raw.parent / "owners"
    let text = commands.map { $0 + "\n" }.joined()
    try await onBlockingThread { [files] in try files.replaceUnsynced(script, with: Array(text.utf8), mode: 0o600) }
    // It prints each command, and ends well whatever they do: its complaints are all that it says beside them.
    let complaints = Locked<[String]>([])
    try await program("debugfs", "e2fsprogs").run(["-w", "-f", script.description, "\(raw)?offset=\(start)"]) { line in
      if !line.hasPrefix("debugfs"), !line.isEmpty { complaints.withLock { $0.append(line) } }
    }
    if let first = complaints.withLock({ $0.first }) {
      throw Failure("the owners of files could not be set: \(first)", help: "use another version of e2fsprogs")
    }
    try await onBlockingThread { [files] in try files.remove(script) }
  }

  private func passwords(
    of system: MachineSystem, salt: Digest
  ) async throws -> [(account: String, crypted: String?)] {
    var found = [(account: "root", crypted: try await crypted(system.rootPassword, "root", salt))]
    if let user = system.user {
      found.append((account: user.name, crypted: try await crypted(user.password, user.name, salt)))
    }
    return found
  }

  private func crypted(_ password: MachinePassword, _ account: String, _ salt: Digest) async throws -> String? {
    let text: [UInt8]
    switch password {
    case .locked: return nil
    case .known(let known): text = Array(known.utf8)
    case .secret(.environment(let name)):
      guard let value = environment[name], !value.isEmpty else {
        throw Failure("the password of \(account) is to come from the variable \(name), which is not set")
      }
      text = Array(value.utf8)
    case .secret(.file(let path)):
      let bytes = try await onBlockingThread { [files] in try files.contents(of: path, limit: 4096) }
      text = Array(bytes.prefix { $0 != UInt8(ascii: "\n") })
    }
    guard !text.isEmpty, !text.contains(UInt8(ascii: "\n")) else {
      throw Failure("the password of \(account) is empty, or has more than one line")
    }
    // The same salt each time, else two builds would differ.
    let salt = Digest.sha256("\(salt) \(account)").short
    let output = try await program("openssl", "openssl").run(
      ["passwd", "-6", "-salt", salt, "-stdin"], input: .bytes(text + [UInt8(ascii: "\n")]))
    return String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }
}

extension BootFiles {
  /// Puts a disk's kernel where qemu finds it.
  init(
    writing found: (kernel: [UInt8], initrd: [UInt8]?), root: String, in directory: FilePath, files: any FileSystem
  ) throws {
    let (kernel, initrd) = (directory / "kernel", directory / "initrd")
    try files.replaceUnsynced(kernel, with: found.kernel, mode: 0o644)
    if let bytes = found.initrd { try files.replaceUnsynced(initrd, with: bytes, mode: 0o644) }
    self.init(kernel: kernel, initrd: found.initrd == nil ? nil : initrd, root: root)
  }
}
