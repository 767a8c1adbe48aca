/// How build arguments reach an engine: by name, with the value in the environment, since a list of processes shows
/// argument lists to everyone.
struct BuildVariables {
  /// `--build-arg NAME` for each.
  var flags: [String] = []
  var environment: [String: String] = [:]

  init(_ arguments: [String: String]) {
    for (name, value) in arguments.sorted(by: { $0.key < $1.key }) {
      if Self.steersEngine(name) {
        // In the environment it would change the engine itself; such a name holds no secret.
        flags += ["--build-arg", "\(name)=\(value)"]
      } else {
        flags += ["--build-arg", name]
        environment[name] = value
      }
    }
  }

  private static func steersEngine(_ name: String) -> Bool {
    let names = ["PATH", "HOME", "USER", "SHELL", "TMPDIR", "TMP", "TEMP", "TERM", "LANG", "TZ", "HOSTNAME"]
    let prefixes = [
      "LD_", "LC_", "XDG_", "DOCKER_", "BUILDKIT_", "BUILDX_", "BUILDAH_", "PODMAN_", "CONTAINER", "STORAGE_",
      "REGISTR",
      "DBUS_", "SSL_", "SSH_", "GO", "_CONTAINERS_", "COMPOSE_",
    ]
    return names.contains(name) || prefixes.contains(where: name.hasPrefix)
  }
}
