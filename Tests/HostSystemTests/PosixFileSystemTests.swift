import Glibc
import HostSystem
import ImageModel
import TestSupport
import Testing

/// What only the real file system can do.
struct PosixFileSystemTests {
  @Test func aFIFOIsRefusedWithoutWaiting() throws {
    let directory = try TemporaryDirectory()
    #expect(mkfifo((directory / "fifo").description, 0o644) == 0)
    #expect(throws: FileSystemError.self) { try directory.fileSystem.digest(of: directory / "fifo") }
    #expect(throws: FileSystemError.self) { try directory.fileSystem.contents(of: directory / "fifo", limit: 1) }
    #expect(throws: FileSystemError.self) { try directory.fileSystem.open(directory / "fifo") }
    #expect(try directory.fileSystem.status(of: directory / "fifo", followingLinks: false).kind == .fifo)
  }

  @Test func filesThatDoNotTellTheirSizeAreReadWhole() throws {
    let bytes = try PosixFileSystem().contents(of: "/proc/self/status", limit: 1 << 20)
    #expect(bytes.starts(with: Array("Name:".utf8)))
    #expect(throws: FileSystemError.self) { try PosixFileSystem().contents(of: "/proc/self/status", limit: 10) }
  }

  @Test func whatNobodyWritesAnyMoreIsRemoved() throws {
    let directory = try TemporaryDirectory()
    let (files, name) = (directory.fileSystem, ".coppice-1hf7x0qjt3k2c" as FilePath)
    try directory.write(name, "torn")
    try directory.write(".coppice-notes", "a person's")
    let pending = try files.create(in: directory.path, mode: 0o644)
    try pending.write([1, 2, 3])
    files.removeAbandoned(in: directory.path)
    #expect(try files.statusIfPresent(of: directory / name) == nil)
    #expect(try files.statusIfPresent(of: directory / ".coppice-notes") != nil)
    try pending.commit(to: directory / "made")
    #expect(try files.contents(of: directory / "made", limit: 10) == [1, 2, 3])
    files.removeAbandoned(in: directory / "nowhere")
  }

  @Test func filesCanBeMadeWhereOthersAreRemoved() async throws {
    let directory = try TemporaryDirectory()
    let files = directory.fileSystem
    let isDone = Locked(false)
    let remover = Task {
      try await onBlockingThread {
        while !isDone.withLock({ $0 }) { files.removeAbandoned(in: directory.path) }
      }
    }
    try await onBlockingThread {
      for number in 0..<200 { try files.replace(directory / FilePath("\(number % 3)"), with: [1], mode: 0o644) }
    }
    isDone.withLock { $0 = true }
    try await remover.value
    #expect(try files.names(of: directory.path).count == 3)
  }

  @Test func treesDeeperThanAPathMayBeLongAreRemoved() throws {
    let directory = try TemporaryDirectory()
    try directory.fileSystem.createDirectory(directory / "deep")
    let name = String(repeating: "n", count: 100)
    var current = Glibc.open((directory / "deep").description, O_RDONLY | O_DIRECTORY)
    for _ in 0..<3000 {
      #expect(mkdirat(current, name, 0o755) == 0)
      #expect(symlinkat("/", current, "link") == 0)
      let next = openat(current, name, O_RDONLY | O_DIRECTORY)
      close(current)
      current = next
    }
    close(current)
    try directory.fileSystem.removeTree(directory / "deep")
    #expect(try directory.fileSystem.entries(of: directory.path).isEmpty)
  }

  @Test func aTreeThatIsNotWritableIsRemovedAllTheSame() async throws {
    // In a process of its own: root, whom no mode stops, becomes nobody there.
    await #expect(processExitsWith: .success) {
      if getuid() == 0 { try #require(setuid(65534) == 0) }
      let directory = try TemporaryDirectory()
      try directory.write("tree/closed/inner/file", "x")
      try directory.write("tree/closed/file", "x")
      for path in ["tree/closed/inner", "tree/closed", "tree"] as [FilePath] {
        try directory.fileSystem.setMode(0, of: directory / path)
      }
      try directory.fileSystem.removeTree(directory / "tree")
      #expect(try directory.fileSystem.entries(of: directory.path).isEmpty)
    }
  }

  @Test func whatIsNotPermittedIsSaid() async throws {
    await #expect(processExitsWith: .success) {
      if getuid() == 0 { try #require(setuid(65534) == 0) }
      let directory = try TemporaryDirectory()
      try directory.write("closed/file", "x", mode: 0)
      let fileSystem = directory.fileSystem
      #expect(
        Self.isRefused { () throws(FileSystemError) in
          _ = try fileSystem.contents(of: directory / "closed/file", limit: 1)
        })
      try fileSystem.setMode(0o555, of: directory / "closed")
      #expect(Self.isRefused { () throws(FileSystemError) in try fileSystem.remove(directory / "closed/file") })
      #expect(Self.isRefused { () throws(FileSystemError) in try fileSystem.createDirectory(directory / "closed/a/b") })
      #expect(
        Self.isRefused { () throws(FileSystemError) in
          try fileSystem.replace(directory / "closed/x", with: [], mode: 0o644)
        })
      try fileSystem.createDirectory(directory / "closed")
    }
  }

  private static func isRefused(_ body: () throws(FileSystemError) -> Void) -> Bool {
    do {
      try body()
      return false
    } catch {
      return error.reason == .notPermitted
    }
  }

  @Test func modesAreThoseAskedForWhateverTheUmask() async throws {
    await #expect(processExitsWith: .success) {
      umask(0o077)
      let directory = try TemporaryDirectory()
      try directory.write("file", "x", mode: 0o664)
      #expect(try directory.fileSystem.status(of: directory / "file", followingLinks: false).mode == 0o664)
    }
  }

  @Test func aFullDiskIsNoSpace() throws {
    // The kernel's own full disk.
    #expect(throws: FileSystemError.self) { try PosixFileSystem().append([1], to: "/dev/full") }
    do { try PosixFileSystem().append([1], to: "/dev/full") } catch { #expect(error.reason == .noSpace) }
  }

  @Test func aLockExcludesAnotherProcess() async throws {
    let directory = try TemporaryDirectory()
    let path = directory / "lock"
    let runner = PosixProcessRunner()
    let lock = try directory.fileSystem.lock(path, waiting: false)
    let attempt = ProcessCommand(["flock", "--nonblock", path.description, "true"])
    #expect(try await runner.run(attempt) == .exited(1))
    lock?.unlock()
    #expect(try await runner.run(attempt) == .exited(0))
  }

  @Test func aLockWhoseFileWasReplacedIsNotTaken() async throws {
    let directory = try TemporaryDirectory()
    let path = directory / "lock"
    let fileSystem = directory.fileSystem
    let first = try fileSystem.lock(path, waiting: false)
    async let waited = onBlockingThread { try fileSystem.lock(path, waiting: true) }
    try await Task.sleep(for: .milliseconds(30))
    try fileSystem.replace(path, with: [], mode: 0o644)
    first?.unlock()
    let second = try await waited
    #expect(second != nil)
    #expect(try fileSystem.lock(path, waiting: false) == nil, "the lock is on the file that is there now")
  }

  @Test func errorsSayWhatTheSystemSays() throws {
    do {
      _ = try PosixFileSystem().contents(of: "/no/such/file", limit: 1)
      Issue.record("there is such a file")
    } catch {
      #expect("\(error)" == "/no/such/file: No such file or directory")
    }
  }

  @Test func aFileThatChangesWhileItIsHashedIsTold() throws {
    let directory = try TemporaryDirectory()
    let (path, files) = (directory / "moving", directory.fileSystem)
    try directory.write("moving", "x")
    // Long enough to be hashed that the clock of the file system ticks meanwhile.
    #expect(truncate(path.description, 100 << 20) == 0)
    let isDone = Locked(false)
    defer { isDone.withLock { $0 = true } }
    let isStarted = startThread {
      var time = 0
      while !isDone.withLock({ $0 }) {
        time += 1
        try? files.setModified(time * 1_000_000_000, of: path)
        // Now and then: a thousand changes in a moment would wait for the disk.
        usleep(5000)
      }
    }
    #expect(isStarted)
    let error = #expect(throws: FileSystemError.self) { try files.hashed(path) }
    #expect(error?.reason == .unsteady)
  }

  @Test func noDescriptorIsLeftOpen() throws {
    let directory = try TemporaryDirectory()
    let fileSystem = directory.fileSystem
    func work() throws {
      try directory.write("a/b/file", "x")
      _ = try fileSystem.digest(of: directory / "a/b/file")
      _ = try fileSystem.entries(of: directory / "a")
      _ = try? fileSystem.digest(of: directory / "a")
      _ = try? fileSystem.contents(of: directory / "a", limit: 1)
      _ = try fileSystem.open(directory / "a/b/file")
      _ = try fileSystem.lock(directory / "lock", waiting: false)
      _ = try fileSystem.create(in: directory.path, mode: 0o600)
      try fileSystem.append([1], to: directory / "log")
      try fileSystem.removeTree(directory / "a")
    }
    // Other tests run beside this one and have files open for a moment; a leak would show in each round.
    let before = try fileSystem.entries(of: "/proc/self/fd").count
    for _ in 0..<300 { try work() }
    #expect(try fileSystem.entries(of: "/proc/self/fd").count < before + 150)
  }
}
