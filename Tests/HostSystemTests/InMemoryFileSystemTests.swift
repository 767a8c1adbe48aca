import HostSystem
import ImageModel
import TestSupport
import Testing

/// What only the stand-in can do.
struct InMemoryFileSystemTests {
  @Test func theJournalTellsWhatWasTouched() throws {
    let disk = InMemoryFileSystem()
    disk.write(["casa/Dockerfile": "FROM x", "casa/b": "b"])
    #expect(disk.journal.isEmpty)
    _ = try disk.digest(of: disk.root / "casa/b")
    _ = try disk.entries(of: disk.root / "casa")
    #expect(disk.journal(.hash) == ["casa/b"])
    #expect(disk.isUntouched)
    try disk.replace(disk.root / "casa/b", with: [], mode: 0o644)
    #expect(!disk.isUntouched)
    #expect(disk.journal(.commit) == ["casa/b"])
    #expect(disk.files() == ["casa/Dockerfile", "casa/b"])
  }

  @Test func timeStandsStillUntilItTicks() throws {
    let disk = InMemoryFileSystem()
    disk.write("file", "1")
    let first = try disk.status(of: "file", followingLinks: true)
    disk.write("file", "2")
    #expect(try disk.status(of: "file", followingLinks: true) == first, "a racy change: nothing shows it")
    disk.tick()
    disk.write("file", "3")
    let third = try disk.status(of: "file", followingLinks: true)
    #expect(third.inode == first.inode && third.modified > first.modified && third.changed > first.changed)
    disk.setModified(first.modified, of: "file")
    #expect(try disk.status(of: "file", followingLinks: true).modified == first.modified)
  }

  @Test func aFullDiskCutsTheLastWriteShort() throws {
    let disk = InMemoryFileSystem()
    disk.limitSpace(to: 3)
    do {
      try disk.append(Array("12345".utf8), to: "log")
      Issue.record("there was room")
    } catch {
      #expect(error.reason == .noSpace)
    }
    #expect(disk.text("log") == "123")
    #expect(throws: FileSystemError.self) { try disk.replace("file", with: [1], mode: 0o644) }
    #expect(disk.files() == ["log"])
    disk.repair()
    try disk.replace("file", with: [1], mode: 0o644)
  }

  @Test func aLostDiskKeepsWhatWasThere() throws {
    let disk = InMemoryFileSystem()
    disk.write("file", "old")
    disk.loseDisk(afterChanges: 2)
    #expect(throws: FileSystemError.self) { try disk.replace("file", with: Array("new".utf8), mode: 0o644) }
    #expect(disk.text("file") == "old")
    #expect(disk.files().count == 2, "the temporary file stays, as after a kill")
  }

  @Test func failuresAreInjectedByOperationAndPath() throws {
    let disk = InMemoryFileSystem()
    disk.write(["a": "a", "b": "b"])
    disk.injectFailures { operation, path in
      operation == .read && path.name == "a" ? FileSystemError("read", path, .notPermitted) : nil
    }
    #expect(throws: FileSystemError.self) { try disk.contents(of: "a", limit: 9) }
    #expect(try disk.contents(of: "b", limit: 9) == Array("b".utf8))
  }
}
