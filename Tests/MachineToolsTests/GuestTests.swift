import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import MachineTools

/// Guests as their console shows them, played.
struct GuestTests {
  private static func guest(
    _ memory: InMemoryFileSystem, _ lines: @escaping @Sendable (_ sign: String) -> [String]
  ) -> Guest {
    let processes = ScriptedProcessRunner { command in
      // The script lies on the second disk.
      let drive = command.arguments.first { $0.contains("id=\(GuestScript.scriptDisk)") } ?? ""
      let path = drive.dropFirst("file=".count).prefix { $0 != "," }
      let text = String(decoding: (try? memory.contents(of: FilePath(path), limit: 1 << 20)) ?? [], as: UTF8.self)
      let sign = text.split(separator: "'").first { $0.hasPrefix("coppice-") } ?? "-"
      return .prints(lines(String(sign)).map { $0 + "\r\n" }.joined())
    }
    return Guest(processes: processes, files: memory, environment: [:], accelerator: .tcg)
  }

  private static func job() -> GuestJob {
    GuestJob(
      disk: "/m/disk.qcow2", boot: BootFiles(kernel: "/m/kernel", initrd: nil, root: "identity"), script: "true")
  }

  private func failure(_ lines: @escaping @Sendable (String) -> [String]) async throws -> Failure? {
    let memory = InMemoryFileSystem()
    try memory.createDirectory("/m")
    return await #expect(throws: Failure.self) { try await Self.guest(memory, lines).run(Self.job()) { _ in } }
  }

  @Test func whatAStepSaysIsHandedOnAndItsSignsAreNot() async throws {
    let memory = InMemoryFileSystem()
    try memory.createDirectory("/m")
    let log = Locked<[String]>([])
    let guest = Self.guest(memory) { sign in
      [
        "\u{1B}[32mkernel\u{1B}[0m", "", "\(sign) booted", "\(sign) step", "10%\r20%\rdone", "hello", "",
        "\(sign) boot",
        "\(sign) free 2048", "\(sign) exit 0",
      ]
    }
    let result = try await guest.run(Self.job()) { line in log.withLock { $0.append(line) } }
    #expect(result == GuestResult(status: 0, isBootChanged: true, freeSpace: 2 << 20))
    #expect(log.withLock { $0.filter { !$0.hasPrefix("guest: ") } } == ["kernel", "done", "hello"])
    #expect(try memory.names(of: "/m").isEmpty, "the script, which may hold a password, is gone")
  }

  @Test func aStepThatFailsShowsItsLastLines() async throws {
    let failure = try await failure {
      ["\($0) booted", "\($0) step", "E: no such thing", "\($0) free 999999", "\($0) exit 7"]
    }
    #expect(failure?.message.contains("exit status 7") ?? false)
    #expect(failure?.message.contains("E: no such thing") ?? false)
  }

  @Test func aFullDiskIsSaid() async throws {
    let failure = try await failure {
      ["\($0) booted", "cp: No space left on device", "\($0) free 12", "\($0) exit 1"]
    }
    #expect(failure?.message.contains("disk of the guest is full") ?? false)
    #expect(failure?.help?.contains("disk_size") ?? false)
  }

  @Test func aKernelThatPanicsIsNoResult() async throws {
    let failure = try await failure { _ in ["Kernel panic - not syncing: VFS: Unable to mount root fs"] }
    #expect(failure?.message.contains("did not boot") ?? false)
    #expect(failure?.message.contains("Unable to mount root") ?? false)
  }

  @Test func aGuestThatEndsInTheMiddleIsNoResult() async throws {
    let failure = try await failure { ["\($0) booted", "\($0) step", "working"] }
    #expect(failure?.message.contains("ended without a result") ?? false)
  }

  @Test(arguments: ["", "a b", "it's", "$HOME `id` \\ \"", "-n", "x\ny"]) func wordsForAShellAreOneWord(
    _ text: String
  ) async throws {
    let program = HostProgram(
      name: "sh", package: "dash", environment: ["PATH": "/usr/bin:/bin"], processes: PosixProcessRunner())
    let output = try await program.run(["-c", "printf %s \(Shell.quoted(text))"])
    #expect(String(decoding: output, as: UTF8.self) == text)
  }

  /// The unpacking is GNU tar's, in guests as here.
  @Test func aPayloadIsUnpackedByTar() async throws {
    let directory = try TemporaryDirectory()
    let files = directory.fileSystem
    let file = try files.create(in: directory.path, mode: 0o644)
    let writer = PayloadWriter(file)
    let long = String(repeating: "long/", count: 40) + "name with späces"
    try writer.add(PayloadEntry(path: Array(long.utf8), kind: .file(size: 3), mode: 0o751), Array("abc".utf8))
    try writer.begin(PayloadEntry(path: Array("link".utf8), kind: .symbolicLink(Array(long.utf8)), mode: 0o777))
    try writer.begin(PayloadEntry(path: Array("same".utf8), kind: .hardLink(Array(long.utf8)), mode: 0o751))
    try writer.begin(PayloadEntry(path: Array("empty".utf8), kind: .directory, mode: 0o700))
    try writer.finish()
    try file.commit(to: directory / "payload")
    try files.createDirectory(directory / "out")
    let tar = HostProgram(
      name: "tar", package: "tar", environment: ["PATH": "/usr/bin:/bin"], processes: PosixProcessRunner())
    try await tar.run(["-xpf", (directory / "payload").description, "-C", (directory / "out").description])
    #expect(try directory.text("out/link") == "abc")
    #expect(try files.status(of: directory / "out/same", followingLinks: false).mode == 0o751)
    #expect(try files.status(of: directory / "out/empty", followingLinks: false).kind == .directory)
  }
}
