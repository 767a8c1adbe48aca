internal import BuildEngine
internal import BuildRecords
internal import ContentStore
internal import HostSystem
internal import ImageModel

/// One build of a VM image.
struct MachineBuild: Sendable {
  let runner: MachineRunner
  let recipe: MachineRecipe
  let job: StepJob
  /// For what lies around until the end.
  let directory: FilePath
  let log: @Sendable (String) -> Void

  private var store: ImageLayout { runner.store }
  private var files: any FileSystem { runner.files }
  private var disks: DiskTool { DiskTool(processes: runner.processes, environment: runner.environment) }

  func run() async throws -> ArtifactOutput {
    let keys = MachineStepKeys(of: recipe, job.inputs)
    let overlays = store.overlays
    let known = await lastKnown(keys.keys, overlays)
    if let known { log(known == 0 ? "the base is kept" : "steps 1 to \(known) are kept") }
    try checkSpace()
    if known == nil { try await makeBase(keys.base) }
    var boot: BootFiles?
    var environment: [String: String] = [:]
    for (index, step) in recipe.steps.enumerated() {
      if case .environment(let variables) = step.action { environment.merge(variables) { $1 } }
      guard index >= known ?? 0 else { continue }
      try Task.checkCancellation()
      log("step \(index + 1) of \(recipe.steps.count)")
      do {
        let (below, key) = (keys.keys[index], keys.keys[index + 1])
        let begun = if let boot { boot } else { try await bootFiles(of: below) }
        let isBootChanged = try await run(step, on: below, as: key, begun, environment)
        boot = isBootChanged ? nil : begun
      } catch let failure as Failure {
        throw Failure(
          "step \(index + 1): \(failure.message)", at: failure.location ?? step.location, help: failure.help)
      }
    }
    return try await export(keys.last)
  }

  /// The last step whose disk is there, 0 for the base; nil for none.
  private func lastKnown(_ keys: [Digest], _ overlays: MachineOverlays) async -> Int? {
    keys.indices.last { overlays.has(keys[$0]) }
  }

  /// Files are written several times over on their way; only what cannot be is refused.
  private func checkSpace() throws {
    let (free, least) = (try files.freeSpace(at: store.root), 2 << 30)
    guard free < least else { return }
    throw Failure(
      "\(store.root) has \(ByteCount(free)) left, and a VM image takes at least \(ByteCount(least)) while it is made",
      help: "free some space, or run `coppice gc`")
  }

  private func guest(_ kernel: FilePath) async -> Guest {
    let probe = AcceleratorProbe(
      processes: runner.processes, files: files, environment: runner.environment,
      memory: store.root / "coppice/accelerator")
    let accelerator = await probe.find(with: kernel)
    return Guest(
      processes: runner.processes, files: files, environment: runner.environment, accelerator: accelerator)
  }

  // MARK: - The base

  private func makeBase(_ key: Digest) async throws {
    let overlays = store.overlays
    let disk = try overlays.newFile()
    do {
      try await writeBase(key, to: disk)
      try await keep(disk, as: key)
    } catch {
      try? files.remove(disk)
      throw error
    }
  }

  private func writeBase(_ key: Digest, to disk: FilePath) async throws {
    let scratch = try await newDirectory("base")
    let size = recipe.hardware.diskSize
    switch recipe.base {
    case .system(let system):
      let base = SystemBase(
        disks: disks, files: files, processes: runner.processes, environment: runner.environment,
        guest: { await guest($0) })
      _ = try await base.make(system, key: key, diskSize: size, in: scratch, to: disk, log: log)
    case .disk(let file, let format):
      try await ForeignDisk(disks: disks, files: files).take(
        try await source(of: file), format, in: scratch, to: disk)
      try await grow(disk, in: scratch)
    case .machine(let id):
      guard let output = job.upstreams[id], let machine = try store.machine(for: output) else {
        throw Failure("\(id) is not in the content store", help: "build it")
      }
      if store.overlays.has(machine.key) {
        try await disks.createOverlay(disk, on: MachineOverlays.name(of: machine.key))
      } else {
        try await takeOutput(machine, in: scratch, to: disk)
      }
      try await grow(disk, in: scratch)
    case .installer: throw Failure("a base from an installer's medium cannot be made yet")
    }
    try await onBlockingThread { [files] in try files.removeTree(scratch) }
  }

  /// The disk of another image, whose last overlay was collected.
  private func takeOutput(_ machine: StoredMachine, in scratch: FilePath, to disk: FilePath) async throws {
    let formats: [MachineFormat: MachineDiskFormat] = [.vdi: .vdi, .ova: .ova]
    guard let file = machine.files.first(where: { $0.format == .vdi }) ?? machine.files.first,
      let format = formats[file.format]
    else { throw Failure("the base has no file in the content store", help: "build it again") }
    try await ForeignDisk(disks: disks, files: files).take(
      store.path(ofBlob: file.digest), format, in: scratch, to: disk)
  }

  private func source(of file: MachineFile) async throws -> FilePath {
    switch file.place {
    case .url: return try await runner.fetch(file, log)
    case .path(let text):
      let path = FilePath(text).normalized.bytes
      guard let staged = job.files.first(where: { $0.path == path }), let source = staged.source else {
        throw Failure("\(text) is not there", at: file.location)
      }
      return source
    }
  }

  /// Gives a disk the size that the definition wants; its file system grows at once.
  private func grow(_ disk: FilePath, in scratch: FilePath) async throws {
    let (wanted, facts) = (recipe.hardware.diskSize, try await disks.facts(of: disk, .qcow2))
    guard wanted != facts.size else { return }
    guard wanted > facts.size else {
      throw Failure(
        "the base has a disk of \(ByteCount(facts.size)), and `disk_size` asks for \(ByteCount(wanted))",
        help: "disks only grow: ask for at least as much")
    }
    try await disks.resize(disk, to: wanted)
    let (found, boot) = try await look(at: disk, in: scratch)
    guard found.canGrow else {
      log("note: the disk grows, but something lies behind the root's partition, which stays as it is")
      return
    }
    let entry = PartitionTable.entry(start: found.partition.offset, end: wanted - wanted % 512)
    try await disks.patch(
      disk, .qcow2, at: PartitionTable.entryOffset(found.partition.number), entry, files: files)
    var job = GuestJob(disk: disk, boot: boot, script: "df -Pk /")
    job.grows = true
    try await guest(boot.kernel).run(job, log: log)
  }

  // MARK: - Steps

  /// - Returns: whether another kernel lies on the disk now.
  private func run(
    _ step: MachineStep, on below: Digest, as key: Digest, _ boot: BootFiles, _ environment: [String: String]
  ) async throws -> Bool {
    let overlays = store.overlays
    let disk = try overlays.newFile()
    let payload = directory / "payload"
    do {
      try await disks.createOverlay(disk, on: MachineOverlays.name(of: below))
      var job = GuestJob(disk: disk, boot: boot, script: "")
      job.environment = [
        "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": SystemBase.epoch,
      ]
      job.environment.merge(environment) { $1 }
      try await prepare(&job, step, on: below, payload)
      let result = try await guest(boot.kernel).run(job, log: log)
      try? files.remove(payload)
      try await keep(disk, as: key)
      return result.isBootChanged
    } catch {
      try? files.remove(payload)
      try? files.remove(disk)
      throw error
    }
  }

  private func prepare(
    _ guestJob: inout GuestJob, _ step: MachineStep, on below: Digest, _ payload: FilePath
  ) async throws {
    let copy = CopyPayload(staged: job.files, files: files)
    func write(_ body: @escaping @Sendable (PayloadWriter) throws -> Void) async throws {
      try await onBlockingThread { [files] in
        let file = try files.create(in: payload.parent, mode: 0o600)
        defer { file.discard() }
        let writer = PayloadWriter(file)
        try body(writer)
        try writer.finish()
        try file.commit(to: payload)
      }
      guestJob.payload = payload
    }
    switch step.action {
    case .copy(let recipe):
      try await write { try copy.write(recipe.from, to: recipe.to, owner: recipe.owner, mode: recipe.mode, $0) }
      guestJob.script = CopyPayload.script(owner: recipe.owner)
    case .run(let run):
      if case .script(let path, _) = run.program {
        try await write { try copy.write([path], to: StepScript.program, mode: 0o700, $0) }
      }
      guestJob.script = StepScript.text(of: run)
      guestJob.usesNetwork = run.usesNetwork
      if let limit = run.timeLimit { guestJob.stepLimit = limit }
    case .environment(let variables): guestJob.script = StepScript.text(of: variables)
    case .userInstall(let install):
      try await write { try copy.write([install.from], to: install.to, $0) }
      guestJob.script = StepScript.text(of: install)
    case .rootfs(let rootfs):
      guard let output = job.upstreams[rootfs.image], let image = try store.image(for: output) else {
        throw Failure("\(rootfs.image) is not in the content store", help: "build it")
      }
      let raw = try await flatten(store.overlays.path(of: below))
      let sources = store.layerSources(of: image)
      try await write { [files, directory] writer in
        let system = try MachineDisk(raw: raw, files: files).root
        let spool = ContentSpool(try files.createUnnamed(in: directory))
        defer { spool.discard() }
        let tree = try MergedRoot(layers: sources).read(into: spool)
        try RootInstallation(rootfs, tree, spool, over: system).write(to: writer)
      }
      try files.remove(raw)
      guestJob.script = RootInstallation.script
    }
  }

  // MARK: - Disks

  private func newDirectory(_ name: FilePath) async throws -> FilePath {
    let path = directory / name
    try await onBlockingThread { [files] in try files.createDirectory(path) }
    return path
  }

  /// A finished disk gets its name, and lasts.
  private func keep(_ disk: FilePath, as key: Digest) async throws {
    try await disks.check(disk, .qcow2)
    try await onBlockingThread { [store, files] in
      try files.setMode(0o444, of: disk)
      try files.sync(disk)
      try store.overlays.take(disk, as: key)
      try files.sync(store.overlays.directory)
    }
  }

  private func flatten(_ disk: FilePath) async throws -> FilePath {
    let raw = directory / "flat.raw"
    try await disks.convert(disk, .qcow2, to: raw, .raw)
    return raw
  }

  private func look(at disk: FilePath, in scratch: FilePath) async throws -> (MachineDisk, BootFiles) {
    let raw = try await flatten(disk)
    return try await onBlockingThread { [files] in
      let found = try MachineDisk(raw: raw, files: files)
      let boot = try BootFiles(writing: found.bootFiles(), root: found.root.identity, in: scratch, files: files)
      try files.remove(raw)
      return (found, boot)
    }
  }

  private func bootFiles(of key: Digest) async throws -> BootFiles {
    try await look(at: store.overlays.path(of: key), in: directory).1
  }

  // MARK: - The result

  private func export(_ key: Digest) async throws -> ArtifactOutput {
    log("writing \(recipe.formats.map(\.rawValue).joined(separator: " and "))")
    let raw = try await flatten(store.overlays.path(of: key))
    let disk = try await onBlockingThread { [files] in
      try DiskContent.digest(of: try MachineDisk(raw: raw, files: files).root)
    }
    let content = content(of: disk)
    let export = DiskExport(disks: disks, files: files, identity: MachineIdentity(job.fingerprint.digest))
    var written: [StoredMachine.File] = []
    for format in recipe.formats {
      let file = try await onBlockingThread { [store] in try store.newFile() }
      switch format {
      case .vdi: try await export.writeVDI(raw, to: file)
      case .ova:
        try await export.writeAppliance(raw, name: applianceName, recipe.hardware, in: directory, to: file)
      }
      written.append(try await take(file, format))
    }
    try files.remove(raw)
    let machine = StoredMachine(files: written, content: content, key: key)
    try await onBlockingThread { [store] in try store.record(machine) }
    guard let output = machine.output else { throw Failure("\(recipe.id) has no formats", at: recipe.location) }
    return output
  }

  private var applianceName: String {
    "\(recipe.id.name.split(separator: "/").joined(separator: "-"))-\(recipe.id.tag)"
  }

  /// What the machine is to people: its files and its hardware.
  private func content(of disk: Digest) -> Digest {
    let hardware = recipe.hardware
    let lines = [
      "coppice machine content 1", disk.description, applianceName, "\(hardware.memory) \(hardware.cpus)",
      "\(hardware.videoMemory) \(hardware.accelerates3D) \(hardware.diskSize)",
      recipe.formats.map(\.rawValue).joined(separator: " "),
    ]
    return .sha256(lines.map { $0 + "\n" }.joined())
  }

  private func take(_ file: FilePath, _ format: MachineFormat) async throws -> StoredMachine.File {
    try await onBlockingThread { [store, files] in
      let reader = try files.openAnywhere(file)
      var (sha, md5) = (SHA256Hasher(), MD5Hasher())
      try reader.forEachPiece(of: 0..<reader.size) { piece in
        sha.update(piece)
        md5.update(piece)
      }
      let digest = sha.finish()
      try files.setMode(0o644, of: file)
      try store.take(file, digest: digest, size: reader.size)
      return StoredMachine.File(format: format, digest: digest, size: reader.size, md5: md5.finish())
    }
  }
}
