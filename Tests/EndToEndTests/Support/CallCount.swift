import HostSystem
import ImageModel
import TestSupport

/// The calls of one run of a program to the kernel, as strace tells them.
struct CallCount {
  /// Regular files that were opened, each as often as it was.
  private(set) var opened: [FilePath] = []
  private(set) var directories = 0
  /// Files whose status was asked for.
  private(set) var statuses = 0
  /// Programs that were started, the first one not counted.
  private(set) var programs = 0

  static let calls = "open,openat,stat,lstat,newfstatat,statx,execve"

  init(_ text: String) {
    for line in text.split(separator: "\n") {
      // "1234 openat(AT_FDCWD, "/a", O_RDONLY|O_CLOEXEC) = 3"; what was interrupted is told again.
      let call = line.drop { $0.isNumber }.drop { $0 == " " }
      guard !call.contains("<... ") else { continue }
      let name = call.prefix { $0 != "(" }
      switch name {
      case "open", "openat":
        if call.contains("O_DIRECTORY") {
          directories += 1
        } else if let path = call.split(separator: "\"", omittingEmptySubsequences: false).dropFirst().first {
          opened.append(FilePath(String(path)))
        }
      case "execve": programs += 1
      default: statuses += 1
      }
    }
    programs -= 1
  }

  func opened(below directory: FilePath) -> [FilePath] { opened.filter { $0.isBelow(directory) }.sorted() }
}

extension Repository {
  /// Runs `coppice` and counts what it asks of the kernel.
  func countCalls(_ arguments: [String]) async throws -> (run: Run, calls: CallCount) {
    let report = directory / "home/calls"
    let traced = try await run(
      ["strace", "-f", "--seccomp-bpf", "-qq", "-o", report.description, "-e", "trace=\(CallCount.calls)"]
        + [(Laboratory.binaries / "coppice").description] + arguments)
    return (traced, CallCount(try directory.text("home/calls")))
  }
}
