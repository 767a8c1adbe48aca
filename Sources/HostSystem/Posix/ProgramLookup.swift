internal import Glibc
internal import ImageModel

/// Finds a program as a shell does, but in the PATH that the program itself will see, and never in the directory where
/// we happen to be.
enum ProgramLookup {
  static let defaultPath = "/usr/local/bin:/usr/bin:/bin"

  /// - Returns: the path to execute; with a slash in it, the name as it is.
  static func path(of program: String, environment: [String: String]?) throws(ProcessError) -> String {
    if program.utf8.contains(UInt8(ascii: "/")) { return program }
    if program.isEmpty { throw .notFound(program) }
    var found: ProcessError = .notFound(program)
    for directory in searchPath(environment).split(separator: ":") where directory.hasPrefix("/") {
      let path = "\(directory)/\(program)"
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      if access(path, X_OK) == 0 { return path }
      found = .notStarted(program, reason: "\(path): \(systemText(errno))")
    }
    throw found
  }

  private static func searchPath(_ environment: [String: String]?) -> String {
    if let environment { return environment["PATH"] ?? defaultPath }
    guard let path = getenv("PATH") else { return defaultPath }
    return String(cString: path)
  }
}
