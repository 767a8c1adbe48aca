import HostSystem
import ImageModel
import JSONText

/// What a search for an engine found, so that the next one need not try again; kept in `.coppice/engine`.
struct EngineRecord: Sendable, Hashable {
  /// Its format; another one counts as none.
  static let format = 1

  var engine: String
  var program: String
  /// Of the program's file: another file is another engine.
  var stamp: String
  /// The variables that decide which daemon and which store it talks to.
  var surroundings: String
  var version: String
  var isolation: String?
  var builder: String?
  var context: String?
  var hasContainerdStore = false

  init(engine: String, program: String, stamp: String, surroundings: String, version: String) {
    (self.engine, self.program, self.stamp) = (engine, program, stamp)
    (self.surroundings, self.version) = (surroundings, version)
  }

  init?(_ bytes: [UInt8]) {
    guard let value = try? JSONValue(parsing: bytes), value["format"]?.integer == Self.format,
      let engine = value["engine"]?.string, let program = value["program"]?.string,
      let stamp = value["stamp"]?.string, let surroundings = value["surroundings"]?.string,
      let version = value["version"]?.string
    else { return nil }
    self.init(engine: engine, program: program, stamp: stamp, surroundings: surroundings, version: version)
    isolation = value["isolation"]?.string
    builder = value["builder"]?.string
    context = value["context"]?.string
    hasContainerdStore = value["containerdStore"]?.bool ?? false
  }

  var bytes: [UInt8] {
    var object = JSONObject()
    object.append("format", .integer(Self.format))
    object.append("engine", .string(engine))
    object.append("program", .string(program))
    object.append("stamp", .string(stamp))
    object.append("surroundings", .string(surroundings))
    object.append("version", .string(version))
    if let isolation { object.append("isolation", .string(isolation)) }
    if let builder { object.append("builder", .string(builder)) }
    if let context { object.append("context", .string(context)) }
    object.append("containerdStore", .bool(hasContainerdStore))
    return Array((JSONValue.object(object).prettyText + "\n").utf8)
  }

  /// The engine that it describes.
  func engine(
    environment: [String: String], processes: any ProcessRunner, files: any FileSystem
  ) -> (any ContainerEngine)? {
    let tool = EngineTool(program: program, environment: environment, processes: processes, files: files)
    switch engine {
    case "docker":
      guard let builder = builder.flatMap(DockerEngine.Builder.init) else { return nil }
      return DockerEngine(
        tool, version: version, builder: builder, context: context ?? "default",
        hasContainerdStore: hasContainerdStore)
    case "podman":
      return PodmanEngine(tool, version: version, isolation: isolation)
    case "buildah":
      return BuildahEngine(tool, version: version, isolation: isolation)
    default: return nil
    }
  }
}
