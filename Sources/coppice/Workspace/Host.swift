internal import Glibc
internal import HostSystem
internal import ImageModel

/// What this machine is, and where coppice is installed on it.
enum Host {
  static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  static var processID: Int { Int(getpid()) }

  /// Seconds since 1970.
  static func now() -> Int { time(nil) }

  /// Tells one build of this program from another.
  static func program(_ files: any FileSystem) -> Digest {
    var bytes = Array(Version.text.utf8)
    if let status = try? files.status(of: "/proc/self/exe", followingLinks: true) {
      FileStamp(status).append(to: &bytes)
    }
    return .sha256(bytes)
  }

  /// The builtin share: beside an installed program (`../share/coppice`), or at the root of the source tree that it was
  /// built in.
  static func builtinShare(_ files: any FileSystem) -> FilePath? {
    guard let program = try? files.target(ofLink: "/proc/self/exe") else { return nil }
    var directory = program.parent
    let installed = directory.parent / "share/coppice"
    if isDirectory(installed / "docker", files) { return installed }
    while directory != "/" && !directory.isEmpty {
      if directory.name == ".build", isDirectory(directory.parent / "share/docker", files) {
        return directory.parent / "share"
      }
      directory = directory.parent
    }
    return nil
  }

  private static func isDirectory(_ path: FilePath, _ files: any FileSystem) -> Bool {
    (try? files.status(of: path, followingLinks: true))?.kind == .directory
  }
}
