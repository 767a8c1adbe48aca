package import HostSystem
package import ImageModel
internal import JSONText

/// Finds an engine that works here: where a trial image can be built and its program runs.
///
/// An actor, because two steps that start together must not both try every engine.
package actor EngineFinder {
  /// The order in which they are tried.
  package static let names = ["docker", "podman", "buildah"]

  private let choice: String?
  private let recordFile: FilePath
  private let files: any FileSystem
  private let processes: any ProcessRunner
  private let environment: [String: String]
  let directories: RunDirectories
  private let limit: Duration
  private var search: Task<any ContainerEngine, any Error>?

  /// - Parameters:
  ///   - wanted: the only engine that will do; nil takes the first that works.
  ///   - remembered: the file that keeps the answer: `.coppice/engine`.
  ///   - environment: all variables; `PATH` is where programs are looked up.
  ///   - limit: how long one trial may take.
  package init(
    wanted: String?, remembered: FilePath, files: any FileSystem, processes: any ProcessRunner,
    environment: [String: String], limit: Duration = .seconds(120)
  ) {
    choice = wanted
    recordFile = remembered
    self.files = files
    self.processes = processes
    // An input of reproducible images alone, whose builds set it; buildx would use it for all.
    self.environment = environment.filter { $0.key != "SOURCE_DATE_EPOCH" }
    directories = RunDirectories(below: remembered.parent / "tmp")
    self.limit = limit
  }

  /// The same one for everybody who asks.
  /// - Throws: `Failure` with what every engine said.
  package func engine() async throws -> any ContainerEngine {
    let search = search ?? Task { try await find() }
    self.search = search
    return try await withTaskCancellationHandler {
      try await search.value
    } onCancel: {
      search.cancel()
    }
  }

  private func find() async throws -> any ContainerEngine {
    if let choice, !Self.names.contains(choice) {
      throw Failure("there is no engine '\(choice)'", help: "choose docker, podman or buildah")
    }
    if let record = remembered(), let engine = engine(of: record), await answers(engine) { return engine }
    var reasons: [String] = []
    for name in choice.map({ [$0] }) ?? Self.names {
      do {
        let record = try await trial(of: name)
        remember(record)
        if let engine = engine(of: record) { return engine }
      } catch let failure as Failure {
        reasons.append("\(name): \(failure.message)")
      } catch let error as TimeIsOver {
        reasons.append("\(name): \(error.failure.message)")
      }
    }
    throw Failure(
      choice == nil ? "no engine works here: " + reasons.joined(separator: "; ") : reasons.joined(separator: "; "),
      help: choice == nil
        ? "install buildah, which needs no daemon, or start docker" : "choose another with --engine, or repair this one"
    )
  }

  /// The engine if it is known without trying anything: found by this run, or by an earlier one and still the same.
  package func known() async -> (any ContainerEngine)? {
    if let search { return try? await search.value }
    return remembered().flatMap(engine)
  }

  private func engine(of record: EngineRecord) -> (any ContainerEngine)? {
    record.engine(environment: environment, processes: processes, files: files)
  }

  private func remembered() -> EngineRecord? {
    guard let bytes = try? files.contentsIfPresent(of: recordFile, limit: 1 << 16),
      let record = EngineRecord(bytes), choice == nil || record.engine == choice,
      let program = program(record.engine), program.path == record.program, program.stamp == record.stamp,
      record.surroundings == surroundings
    else { return nil }
    return record
  }

  /// It is a cache: what cannot be written is found again.
  private func remember(_ record: EngineRecord) {
    try? files.createDirectory(recordFile.parent)
    try? files.replace(recordFile, with: record.bytes, mode: 0o644)
  }

  /// A daemon may have stopped since.
  private func answers(_ engine: any ContainerEngine) async -> Bool {
    guard let docker = engine as? DockerEngine else { return true }
    return (try? await docker.tool.output(["version", "--format", "{{.Server.Version}}"], limit: .seconds(20))) != nil
  }

  private var surroundings: String {
    let names = [
      "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "CONTAINER_HOST", "CONTAINERS_STORAGE_CONF", "CONTAINERS_CONF",
      "BUILDAH_ISOLATION", "HOME", "XDG_RUNTIME_DIR",
    ]
    return names.compactMap { name in environment[name].map { "\(name)=\($0)" } }.joined(separator: " ")
  }

  private func program(_ name: String) -> (path: String, stamp: String)? {
    for directory in (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
      let path = FilePath(directory) / FilePath(name)
      guard path.isAbsolute, let status = try? files.status(of: path, followingLinks: true), status.kind == .regular,
        status.mode & 0o111 != 0
      else { continue }
      return (path.description, "\(status.device) \(status.inode) \(status.size) \(status.modified) \(status.changed)")
    }
    return nil
  }

  // MARK: - Trials

  private func trial(of name: String) async throws -> EngineRecord {
    guard let program = program(name) else { throw Failure("not installed") }
    var record = EngineRecord(
      engine: name, program: program.path, stamp: program.stamp, surroundings: surroundings, version: "")
    let tool = EngineTool(program: program.path, environment: environment, processes: processes, files: files)
    if name == "docker" {
      try await describe(&record, tool)
      return try await tried(record)
    }
    record.version = try await version(tool, of: name)
    // What the user chose stays; else the engine's own choice where it works, and chroot where the kernel refuses more.
    if environment["BUILDAH_ISOLATION"] != nil { return try await tried(record) }
    do {
      return try await tried(record)
    } catch is Failure {
      record.isolation = "chroot"
      return try await tried(record)
    }
  }

  private func tried(_ record: EngineRecord) async throws -> EngineRecord {
    guard let engine = engine(of: record) else { throw Failure("unknown builder") }
    let trial = TrialImage(files: files)
    let limit = limit
    try await directories.withNewDirectory(.trial, files) { directory in
      try await withTimeLimit(limit, what: record.engine) {
        try await trial.build(with: engine, in: directory, architecture: Platform.host.architecture)
      }
    }
    return record
  }

  private func version(_ tool: EngineTool, of name: String) async throws -> String {
    let text = try await tool.output(["--version"], limit: .seconds(20))
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.first == Substring(name), let version = words.first(where: { $0.first?.isNumber == true }) else {
      throw Failure("'\(text.prefix(80))' is not the version of \(name)")
    }
    return version.filter { $0 != "," }
  }

  private func describe(_ record: inout EngineRecord, _ tool: EngineTool) async throws {
    let versions = try await tool.output(
      ["version", "--format", "{{.Client.Version}} {{.Server.Version}}"], limit: .seconds(20)
    ).split(separator: " ").map(String.init)
    guard versions.count == 2 else { throw Failure("it is not docker itself") }
    record.version = versions[1]
    let driver = try await tool.outputIfAny(["info", "--format", "{{json .DriverStatus}}"], limit: .seconds(20))
    record.hasContainerdStore = driver?.contains("io.containerd.snapshotter") ?? false
    record.context = try await tool.outputIfAny(["context", "show"], limit: .seconds(20)) ?? "default"
    let client = Int(versions[0].prefix(while: \.isNumber)) ?? 0
    if try await tool.outputIfAny(["buildx", "version"], limit: .seconds(20)) != nil {
      record.builder = DockerEngine.Builder.buildx.rawValue
    } else {
      // Since docker 23 the client leaves BuildKit to the plugin.
      record.builder = (client < 23 ? DockerEngine.Builder.buildKit : .legacy).rawValue
    }
  }
}
