import HostSystem
import ImageModel
import JSONText

/// How to log in to a registry.
enum Credential: Sendable, Hashable {
  case password(user: String, password: String)
  /// A refresh token of the registry's token server.
  case identity(String)
}

/// The credentials that `docker login`, `podman login` and `buildah login` left for a registry.
struct RegistryCredentials: Sendable {
  let files: any FileSystem
  let processes: any ProcessRunner
  let environment: [String: String]

  /// - Throws: `Failure` for a file that cannot be read; a helper that has none is no error.
  func credential(for reference: ImageReference) async throws -> Credential? {
    for path in places {
      guard let bytes = try files.contentsIfPresent(of: path, limit: 4 << 20) else { continue }
      guard let configuration = try? JSONValue(parsing: bytes), configuration.object != nil else {
        throw Failure("\(path) is not JSON", help: "repair it, or remove it and log in again")
      }
      if let found = try await credential(in: configuration, for: reference) { return found }
    }
    return nil
  }

  private var places: [FilePath] {
    let home = environment["HOME"].map { FilePath($0) }
    var places: [FilePath] = []
    if let file = environment["REGISTRY_AUTH_FILE"] { places.append(FilePath(file)) }
    if let directory = environment["DOCKER_CONFIG"] {
      places.append(FilePath(directory) / "config.json")
    } else if let home {
      places.append(home / ".docker/config.json")
    }
    if let runtime = environment["XDG_RUNTIME_DIR"] { places.append(FilePath(runtime) / "containers/auth.json") }
    if let home { places.append(home / ".config/containers/auth.json") }
    return places.filter(\.isAbsolute)
  }

  private func credential(in configuration: JSONValue, for reference: ImageReference) async throws -> Credential? {
    let keys = Self.keys(reference)
    let hosts = Self.hosts(reference.effectiveRegistry)
    if let helper = keys.lazy.compactMap({ configuration["credHelpers"]?[$0]?.string }).first {
      return try await ask(helper, about: hosts)
    }
    for key in keys {
      guard let entry = configuration["auths"]?[key] else { continue }
      if let found = Self.credential(entry) { return found }
    }
    if let store = configuration["credsStore"]?.string { return try await ask(store, about: hosts) }
    return nil
  }

  /// From the most special to the host itself; podman keeps credentials for a part of a registry too.
  static func keys(_ reference: ImageReference) -> [String] {
    let registry = reference.effectiveRegistry
    var path = reference.effectiveRepository.split(separator: "/")
    var keys: [String] = []
    while !path.isEmpty {
      keys.append(registry + "/" + path.joined(separator: "/"))
      path.removeLast()
    }
    return keys + hosts(registry)
  }

  static func hosts(_ registry: String) -> [String] {
    if registry == "docker.io" {
      return ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"]
    }
    return [registry, "https://\(registry)", "https://\(registry)/", "http://\(registry)"]
      + ["https://\(registry)/v1/", "https://\(registry)/v2/"]
  }

  private static func credential(_ entry: JSONValue) -> Credential? {
    if let token = entry["identitytoken"]?.string, !token.isEmpty { return .identity(token) }
    if let user = entry["username"]?.string, let password = entry["password"]?.string, !user.isEmpty {
      return .password(user: user, password: password)
    }
    guard let bytes = entry["auth"]?.string.flatMap(Base64.decode), let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
    else { return nil }
    let password = bytes[(colon + 1)...].reversed().drop { $0 == 0 }.reversed()
    return .password(
      user: String(decoding: bytes[..<colon], as: UTF8.self), password: String(decoding: password, as: UTF8.self))
  }

  /// The helper reads the server from its input: nothing stands in an argument list.
  private func ask(_ helper: String, about hosts: [String]) async throws -> Credential? {
    let program = "docker-credential-\(helper)"
    for host in hosts {
      let tool = EngineTool(program: program, environment: environment, processes: processes, files: files)
      let result = try await tool.result(["get"], input: .bytes(Array(host.utf8)), limit: .seconds(20))
      guard result.status.isSuccess, let answer = try? JSONValue(parsing: result.output),
        let user = answer["Username"]?.string, let secret = answer["Secret"]?.string, !secret.isEmpty
      else { continue }
      return user == "<token>" ? .identity(secret) : .password(user: user, password: secret)
    }
    return nil
  }
}
