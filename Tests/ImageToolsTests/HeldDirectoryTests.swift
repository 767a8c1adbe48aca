import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

@Suite struct HeldDirectoryTests {
  private let directory: TemporaryDirectory
  private let files = PosixFileSystem()

  init() throws {
    directory = try TemporaryDirectory()
    try files.createDirectory(directory / "run")
    try files.createDirectory(directory / "shared")
  }

  private func places(_ runtime: FilePath?) -> [FilePath] {
    HeldDirectory.secretPlaces(
      runtime.map { ["XDG_RUNTIME_DIR": $0.description] } ?? [:], files: files, shared: directory / "shared")
  }

  @Test func onlyDirectoriesThatAreThereAndCanBeSaidAreUsed() throws {
    try files.createDirectory(directory / "with,comma")
    let shared = directory / "shared"
    #expect(places(directory / "run") == [directory / "run", shared])
    for runtime: FilePath? in [nil, "", "run", directory / "none", directory / "with,comma"] {
      #expect(places(runtime) == [shared])
    }
    #expect(HeldDirectory.make(for: .secrets, in: [], files: files) == nil)
  }

  @Test func nobodyElseCanReadItAndItGoes() throws {
    try directory.write("file", "no directory")
    // The first is none: the next one serves.
    let made = try #require(
      HeldDirectory.make(for: .secrets, in: [directory / "file", directory / "run"], files: files))
    #expect(made.path.isBelow(directory / "run"))
    #expect(try files.status(of: made.path, followingLinks: false).mode == 0o700)
    made.remove()
    #expect(try files.entries(of: directory / "run").isEmpty)
  }

  @Test func whatAKilledRunLeftGoesAndWhatIsInUseStays() throws {
    let run = directory / "run"
    let used = try #require(HeldDirectory.make(for: .secrets, in: [run], files: files))
    try directory.write("run/coppice-secrets-dead-1/lock", "")
    try directory.write("run/coppice-secrets-dead-1/0", "secret")
    try directory.write("run/coppice-secrets-open-1/lock", "")
    try directory.write("run/other/lock", "")
    try files.setMode(0o700, of: run / "coppice-secrets-dead-1")
    try files.setMode(0o755, of: run / "coppice-secrets-open-1")
    try files.setMode(0o700, of: run / "other")
    let archive = try #require(HeldDirectory.make(for: .archive, in: [run], files: files))
    defer { archive.remove() }
    HeldDirectory.removeLeftovers(of: .secrets, in: [run, directory / "none"], files: files)
    let left = try files.entries(of: run).map(\.name)
    #expect(left.sorted() == [used.path.name, archive.path.name, "coppice-secrets-open-1", "other"].sorted())
  }
}
