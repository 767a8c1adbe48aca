internal import CSys
internal import Glibc
internal import ImageModel

/// Starts a program with posix_spawn: in a process group of its own, with default signals, with no open files but the
/// three standard ones.
struct Spawn {
  var command: ProcessCommand
  /// The child's ends; nil is /dev/null.
  var input: PipeEnd?
  var output: PipeEnd?
  var errorOutput: PipeEnd?

  func start() throws(ProcessError) -> pid_t {
    guard let program = command.arguments.first else { throw .notStarted("", reason: "no program") }
    let path = try ProgramLookup.path(of: program, environment: command.environment)
    let variables = command.environment.map { $0.map { "\($0.key)=\($0.value)" }.sorted() }
    // C would cut the text there.
    if (command.arguments + (variables ?? [])).contains(where: { $0.utf8.contains(0) }) {
      throw .notStarted(program, reason: "an argument or variable contains a zero byte")
    }
    if let directory = command.directory { try check(directory, for: program) }
    var pid = pid_t()
    var code: Int32
    var attempts = 0
    repeat {
      code = spawn(path, variables, &pid)
      attempts += 1
      // A file that was just written may still be open for writing in a child that another thread is starting.
      if code == ETXTBSY { usleep(5000) }
    } while code == ETXTBSY && attempts < 40
    switch code {
    case 0: return pid
    case ENOENT: throw .notFound(program)
    default: throw .notStarted(program, reason: systemText(code))
    }
  }

  /// posix_spawn could not tell a missing directory from a missing program.
  private func check(_ directory: FilePath, for program: String) throws(ProcessError) {
    do {
      let kind = try PosixFileSystem().status(of: directory, followingLinks: true).kind
      if kind != .directory { throw FileSystemError("chdir", directory, code: ENOTDIR) }
    } catch {
      throw .notStarted(program, reason: "\(error)")
    }
  }

  /// - Returns: 0 or an error number.
  private func spawn(_ path: String, _ variables: [String]?, _ pid: inout pid_t) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (standard, end) in [(Int32(0), input), (1, output), (2, errorOutput)] {
      if let end {
        posix_spawn_file_actions_adddup2(&actions, end.number, standard)
      } else {
        posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", standard == 0 ? O_RDONLY : O_WRONLY, 0)
      }
    }
    if let directory = command.directory {
      let bytes = directory.bytes.map { CChar(bitPattern: $0) } + [0]
      _ = cs_actions_addchdir(&actions, bytes)
    }
    _ = cs_actions_addclosefrom(&actions, 3)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    var defaults = sigset_t()
    sigemptyset(&none)
    sigemptyset(&defaults)
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU] {
      sigaddset(&defaults, signal)
    }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    return withCStrings(command.arguments) { arguments in
      guard let variables else {
        return posix_spawn(&pid, path, &actions, &attributes, arguments, cs_environment())
      }
      return withCStrings(variables) { posix_spawn(&pid, path, &actions, &attributes, arguments, $0) }
    }
  }

  private func withCStrings<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let copies = texts.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return body(copies)
  }
}
