import Glibc
import HostSystem
import ImageModel
import TestSupport

/// A finished disk, booted as a person's machine boots it: by the BIOS, with all of its services; somebody logs in on the
/// serial line.
struct BootedMachine {
  let disk: FilePath
  var format = "vdi"

  /// Logs in and runs a command.
  /// - Returns: all that the console showed.
  func run(_ command: String, user: String, password: String, limit: Int = 180) async throws -> String {
    let screen = Locked("")
    let end = "the-end-of-\(user)"
    let arguments = [
      "qemu-system-x86_64", "-M", "pc", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "qemu64", "-m", "1024",
      "-snapshot",
      "-nodefaults", "-display", "none", "-monitor", "none", "-serial", "stdio", "-nic", "none",
      "-drive", "file=\(disk),format=\(format),if=ide",
    ]
    // The shell says the word of the end only when it has run what stands before.
    let lines = [("login: ", user), ("Password: ", password), ("$ ", "\(command); echo the-end\\-of-\(user)")]
    let process = ProcessCommand(
      arguments, environment: ProcessEnvironment.current,
      input: .producer { writer in
        var seen = 0
        func wait(for text: String) -> Bool {
          for _ in 0..<(limit * 10) {
            let shown = screen.withLock { $0 }.dropFirst(seen)
            if let range = shown.firstRange(of: text) {
              seen += shown.distance(from: shown.startIndex, to: range.upperBound)
              return true
            }
            usleep(100_000)
          }
          return false
        }
        for (prompt, answer) in lines {
          guard wait(for: prompt) else { break }
          usleep(300_000)
          try Array((answer + "\r").utf8).withUnsafeBytes { try writer.write($0) }
        }
        _ = wait(for: end)
      },
      output: .handler { piece in screen.withLock { $0 += String(decoding: piece.filter { $0 != 13 }, as: UTF8.self) }
      }, grace: .seconds(1))
    await withTaskGroup(of: Void.self) { group in
      group.addTask { _ = try? await PosixProcessRunner().run(process) }
      group.addTask {
        for _ in 0..<(limit * 10) where !screen.withLock({ $0.contains(end) }) && !Task.isCancelled {
          try? await Task.sleep(for: .milliseconds(100))
        }
      }
      await group.next()
      group.cancelAll()
    }
    return screen.withLock { $0 }
  }
}
