import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

@Suite struct RunDirectoriesTests {
  private let directory: TemporaryDirectory
  private let files = PosixFileSystem()
  private let directories: RunDirectories

  init() throws {
    directory = try TemporaryDirectory()
    directories = RunDirectories(below: directory / "tmp")
  }

  @Test func theDirectoryGoesWithTheWorkHoweverThatEnds() async throws {
    let number = try await directories.withNewDirectory(.build, files) { path in
      try files.createDirectory(path / "sub")
      return 7
    }
    #expect(number == 7)
    await #expect(throws: Failure.self) {
      try await directories.withNewDirectory(.build, files) { path in
        try files.createDirectory(path / "sub")
        throw Failure("no")
      }
    }
    #expect(try files.entries(of: directory / "tmp").isEmpty)
  }

  @Test func whatWasFinishedIsNotLostWhenTheDirectoryStays() async throws {
    // No path below a name of this length can be removed.
    let long = directory / FilePath(String(repeating: "n", count: 300))
    let number = try await RunDirectories(below: long).withNewDirectory(.build, files) { path in
      #expect(throws: FileSystemError.self) { try files.removeTree(path) }
      return 7
    }
    #expect(number == 7)
  }
}
