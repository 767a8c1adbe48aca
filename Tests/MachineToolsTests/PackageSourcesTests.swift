import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import MachineTools

/// What apt of a machine says, in both of its forms.
struct PackageSourcesTests {
  private static func sources(_ stanzas: String, _ lines: String = "") -> PackageSources {
    var sources = PackageSources(files: InMemoryFileSystem())
    sources.add(lines: lines)
    sources.add(stanzas: stanzas)
    return sources
  }

  private static let stanzas = """
    # a comment
    Types: deb deb-src
    URIs: http://archive.example/debian
    Suites: bookworm
     bookworm-updates
    Components: main
    Signed-By: /usr/share/keyrings/archive.gpg

    Enabled: no
    Types: deb
    URIs: http://off.example/debian
    Suites: bookworm
    """

  private func system(_ suite: String, mirror: String? = nil) -> MachineSystem {
    var system = MachineSystem(suite: suite, hostname: "h")
    system.mirror = mirror
    return system
  }

  @Test func theSuiteOfThisMachineComesWithItsUpdates() {
    let sources = Self.sources(
      Self.stanzas, "deb [arch=amd64 signed-by=/k.gpg] http://third.example/apt cloud main # x\n")
    #expect(
      sources.lines(for: system("bookworm")) == [
        "deb [signed-by=/usr/share/keyrings/archive.gpg] http://archive.example/debian bookworm main",
        "deb [signed-by=/usr/share/keyrings/archive.gpg] http://archive.example/debian bookworm-updates main",
      ])
  }

  @Test func anotherSuiteComesFromTheSamePlace() {
    let sources = Self.sources(Self.stanzas, "deb http://third.example/apt cloud main\n")
    #expect(
      sources.lines(for: system("trixie")) == [
        "deb [signed-by=/usr/share/keyrings/archive.gpg] http://archive.example/debian trixie main"
      ])
  }

  @Test func aDefinitionsOwnMirrorCounts() {
    #expect(
      Self.sources(Self.stanzas).lines(for: system("sid", mirror: "http://m.example/")) == [
        "deb http://m.example/ sid main"
      ])
    #expect(Self.sources("").lines(for: system("sid")).isEmpty)
  }
}
