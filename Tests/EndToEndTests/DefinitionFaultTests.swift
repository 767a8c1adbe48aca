import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// Wrong definitions: every fault is told in one run, nothing is built, nothing crashes.
@Suite struct DefinitionFaultTests {
  private static let yaml = "image_sources:\n  - {name: a, tags: [x]}\n"

  @Test func sevenFaultsInFifteenDefinitionsAreToldInOneRun() async throws {
    let tree = try await Repository()
    for number in 1...15 {
      try tree.define(
        "d\(number)/1", "image_sources:\n  - {name: d\(number), tags: ['1']}\n", dockerfile: "FROM scratch\n")
    }
    try tree.write("share/docker/d1/1/casa_distro_docker.yaml", "image_sources: [\n")
    try tree.write("share/docker/d3/1/casa_distro_docker.yaml", "image_sources:\n  - {name: d3, tagz: ['1']}\n")
    try tree.write("share/docker/d5/1/casa_distro_docker.yaml", "image_sources:\n  - {name: D5, tags: ['1']}\n")
    try tree.write(
      "share/docker/d7/1/casa_distro_docker.yaml",
      "dependencies: [../../d88]\nimage_sources:\n  - {name: d7, tags: ['1']}\n")
    try tree.write("share/docker/d9/1/Dockerfile", "FROM scratch\nCOPY x\n")
    try tree.write("share/docker/d11/1/casa_distro_docker.yaml", "image_sources:\n  - {name: d12, tags: ['1']}\n")
    try tree.write("share/docker/d13/1/Dockerfile", "FROM cati/d13:1\n")
    for words in [["build"], ["build", "d2"], ["status"], ["list"], ["lint"], ["build", "--touch"]] {
      let run = try await tree.coppice(words)
      #expect(run.exitCode == 2, "\(words)")
      for name in ["d1/1/", "d3/1/", "d5/1/", "d7/1/", "d9/1/", "d13/1/"] {
        #expect(run.errors.contains { $0.hasPrefix("share/docker/\(name)") }, "\(words) \(name): \(run.errorOutput)")
      }
      #expect(run.errors.contains { $0.contains("docker/d12:1 is declared twice") })
      #expect(!run.errors.contains { $0.hasPrefix("share/docker/d2/") })
      #expect(run.errorOutput.contains("did you mean"), "a suggestion")
    }
    #expect(try Laboratory.files.statusIfPresent(of: tree.directory / "coppice.lock") == nil)
    #expect(try Laboratory.files.statusIfPresent(of: tree.directory / ".coppice/store") == nil)
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var name: String
    var yaml: [UInt8]
    var dockerfile: String? = "FROM scratch\n"
    /// What the one line with `error:` says; nil where the input is right.
    var message: String?
    var place = ""
    var testDescription: String { name }

    init(
      _ name: String, _ yaml: String, _ dockerfile: String? = "FROM scratch\n", at place: String = "",
      says message: String? = nil
    ) {
      self.init(name, bytes: Array(yaml.utf8), dockerfile, at: place, says: message)
    }

    init(
      _ name: String, bytes: [UInt8], _ dockerfile: String? = "FROM scratch\n", at place: String = "",
      says message: String? = nil
    ) {
      (self.name, self.yaml, self.dockerfile, self.message, self.place) = (name, bytes, dockerfile, message, place)
    }
  }

  private static func utf16(_ text: String) -> [UInt8] {
    [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
  }

  /// Nine aliases of nine aliases of …: 9^9 values.
  private static var billionLaughs: String {
    var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for (name, previous) in zip("bcdefghi", "abcdefgh") {
      text += "\(name): &\(name) [" + Array(repeating: "*\(previous)", count: 9).joined(separator: ", ") + "]\n"
    }
    return text + "image_sources: *i\n"
  }

  static let faults: [Fault] = [
    Fault("broken", "image_sources: [\n  - {name: a", at: ":2:", says: "invalid YAML"),
    Fault("unclosed quote", "image_sources:\n  - {name: \"a, tags: [x]}\n", says: "invalid YAML"),
    Fault("tab", "image_sources:\n\t- name: a\n", at: ":2:1:", says: "a tab"),
    Fault("byte order mark", "\u{FEFF}" + yaml),
    Fault("CRLF", "image_sources:\r\n  - {name: a, tags: [x]}\r\n", "FROM scratch\r\nUSER 1\r\n"),
    Fault("UTF-16", bytes: utf16(yaml)),
    Fault("Latin-1", bytes: Array("# caf".utf8) + [0xE9, 0x0A] + Array(yaml.utf8), at: ":1:6:", says: "not UTF-8"),
    Fault("a null byte", bytes: Array(yaml.utf8) + [0, 0, 10], at: ":3:1:", says: "U+0000"),
    Fault("huge", yaml + "#" + String(repeating: "x", count: 3_000_000), says: "3000041 bytes"),
    Fault("deep", "image_sources: " + String(repeating: "[", count: 100_000), at: ":1:", says: "deeper than 100"),
    Fault("deep blocks", String(repeating: "? ", count: 50_000) + "x", at: ":1:", says: "deeper than 100"),
    Fault("billion laughs", billionLaughs, says: "aliases are expanded"),
    Fault("an alias of itself", "x: &x\n  - *x\n" + yaml, at: ":2:", says: "'*x'"),
    Fault("an unknown alias", "image_sources: *nope\n", at: ":1:16:", says: "nope"),
    Fault("anchors", "image_sources:\n  - &a {name: a, tags: [x]}\n  - {<<: *a, name: b}\n"),
    Fault(
      "a key twice", "image_sources:\n  - {name: a, name: b, tags: [x]}\n", at: ":2:15:", says: "'name' is given twice"),
    Fault("two documents", yaml + "---\nx: y\n", at: ":3:1:", says: "second document"),
    Fault("empty", "", says: "lacks 'image_sources'"),
    Fault("a text", "hello\n", at: ":1:1:", says: "must be a mapping"),
    Fault("a list", "- a\n", at: ":1:1:", says: "must be a mapping"),
    Fault("no images", "image_sources: []\n", at: ":1:16:", says: "'image_sources' is empty"),
    Fault("no tags", "image_sources:\n  - {name: a, tags: []}\n", at: ":2:21:", says: "'tags' is empty"),
    Fault("no name", "image_sources:\n  - {tags: [x]}\n", at: ":2:5:", says: "lacks 'name'"),
    Fault("a wrong type", "image_sources:\n  - {name: [a], tags: [x]}\n", at: ":2:12:", says: "must be text"),
    Fault("an unknown key", yaml + "image_source: x\n", at: ":3:1:", says: "unknown key 'image_source'"),
    Fault("a wrong name", "image_sources:\n  - {name: 'A b', tags: [x]}\n", at: ":2:12:", says: "not a name"),
    Fault("a wrong tag", "image_sources:\n  - {name: a, tags: ['-x']}\n", at: ":2:22:", says: "not a tag"),
    Fault("a name that escapes", "image_sources:\n  - {name: ../../a, tags: [x]}\n", at: ":2:12:", says: "not a name"),
    Fault(
      "two platforms", "image_sources:\n  - {name: a, tags: [x], platforms: [linux/amd64, linux/arm64]}\n",
      says: "more than one platform"),
    Fault("a wrong age", "image_sources:\n  - {name: a, tags: [x], max_age: soon}\n", says: "'soon' is not an age"),
    Fault(
      "an output that escapes",
      yaml + "generate:\n  - {output: ../x, command: [touch, '{output}']}\n", at: ":4:", says: "inside"),
    Fault(
      "the same id twice", "image_sources:\n  - {name: a, tags: [x]}\n  - {name: a, tags: [x]}\n", at: ":3:",
      says: "docker/a:x is declared twice"),
    Fault(
      "an unknown parameter", "image_sources:\n  - {name: 'a%(q)s', tags: [x]}\n", at: ":2:", says: "no parameter 'q'"),
    Fault("a percent sign", "image_sources:\n  - {name: a, tags: ['x%']}\n", at: ":2:", says: "'%' stands alone"),
    Fault(
      "parameters in a circle",
      "image_sources:\n  - {name: a, tags: ['%(v)s'], template_files_parameters: {v: '%(w)s', w: '%(v)s'}}\n",
      says: "contains itself"),
    Fault(
      "a COPY without destination", yaml, "FROM scratch\nCOPY x\n", at: "Dockerfile:2:1:",
      says: "COPY takes at least one source"),
    Fault("no FROM", yaml, "RUN x\n", at: "Dockerfile:1:1:", says: "there is no FROM instruction"),
    Fault("an empty Dockerfile", yaml, "# nothing\n", says: "no instructions"),
    Fault("a wrong reference", yaml, "FROM Ubuntu:24.04\n", at: "Dockerfile:1:6:", says: "no image reference"),
    Fault("itself", yaml, "FROM cati/a:x\n", at: "Dockerfile:1:6:", says: "docker/a:x → docker/a:x"),
  ]

  @Test(arguments: faults)
  func oneFaultIsOneClearMessage(_ fault: Fault) async throws {
    let tree = try await Repository()
    try tree.define("a/1", "", dockerfile: fault.dockerfile ?? "")
    let path: FilePath = "share/docker/a/1/casa_distro_docker.yaml"
    try Laboratory.files.replace(tree.directory / path, with: fault.yaml, mode: 0o644)
    let run = try await tree.coppice("build", "--touch")
    guard let message = fault.message else {
      #expect(run.exitCode == 0, "\(run.all)")
      #expect(run.errorOutput == "")
      return
    }
    #expect(run.exitCode == 2, "\(run.all)")
    #expect(run.errors.count == 1, "\(run.errorOutput)")
    let first = run.errors.first ?? ""
    #expect(first.contains(message), "\(first)")
    let place = fault.place.hasPrefix("Dockerfile") ? fault.place : "casa_distro_docker.yaml" + fault.place
    if !fault.place.isEmpty { #expect(first.hasPrefix("share/docker/a/1/\(place)"), "\(first)") }
    #expect(run.errorOutput.utf8.count < 2000, "huge input does not make a huge message")
    #expect(try Laboratory.files.statusIfPresent(of: tree.directory / "coppice.lock") == nil)
  }

  @Test func aFaultInATemplateIsOneErrorWithItsLine() async throws {
    let tree = try await Repository()
    try tree.write("share/docker/a/1/casa_distro_docker.yaml", Self.yaml)
    try tree.write("share/docker/a/1/Dockerfile.template", "# x\nFROM ubuntu:%(version)s\n")
    let run = try await tree.coppice("list")
    #expect(run.exitCode == 2)
    #expect(run.errors.count == 1, "what follows from the hole is not told: \(run.errorOutput)")
    #expect(run.errors.first?.hasPrefix("share/docker/a/1/Dockerfile.template:2:13: error: ") == true, "\(run.errors)")
    #expect(run.errorOutput.contains("'version'"))
  }

  @Test(arguments: ["Dockerfile", "dependencies"])
  func aCircleNamesThePlaceOfEachLink(kind: String) async throws {
    let tree = try await Repository()
    for number in 1...3 {
      let next = number % 3 + 1
      let images = "image_sources:\n  - {name: c\(number), tags: ['1']}\n"
      if kind == "Dockerfile" {
        try tree.define("c\(number)/1", images, dockerfile: "# x\nFROM cati/c\(next):1\n")
      } else {
        try tree.define("c\(number)/1", "dependencies: [../../c\(next)]\n" + images, dockerfile: "FROM scratch\n")
      }
    }
    let run = try await tree.coppice("status")
    #expect(run.exitCode == 2)
    #expect(run.errors.count == 1, "\(run.errorOutput)")
    #expect(run.errorOutput.contains("docker/c1:1 → docker/c2:1 → docker/c3:1 → docker/c1:1"), "\(run.errorOutput)")
    let place = kind == "Dockerfile" ? "1/Dockerfile:2:6" : "1/casa_distro_docker.yaml:1:16"
    for number in 1...3 { #expect(run.errorOutput.contains("docker/c\(number)/\(place)"), "\(run.errorOutput)") }
  }

  @Test func warningsDoNotStopABuild() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try tree.write("share/docker/none/1/casa_distro_docker.yaml", "image_sources:\n  - {name: none, tags: ['1']}\n")
    try tree.write("share/docker/lonely/1/Dockerfile", "FROM scratch\n")
    try tree.define(
      "twin/1", "image_sources:\n  - {name: twin, tags: [z, x]}\n  - {name: twin, tags: [z, y]}\n",
      dockerfile: "FROM scratch\n")
    let run = try await tree.coppice("build", "--touch")
    #expect(run.exitCode == 0, "\(run.all)")
    let warnings = run.errorOutput.split(separator: "\n").filter { $0.contains(" warning: ") }
    #expect(warnings.count == 3, "\(run.errorOutput)")
    for file in ["lonely/1/Dockerfile: ", "none/1/casa_distro_docker.yaml:1:1: ", "twin/1/casa_distro_docker.yaml:2:"] {
      #expect(warnings.contains { $0.hasPrefix("share/docker/" + file) }, "\(file): \(warnings)")
    }
    #expect(warnings.contains { $0.contains("cati/twin:z") && $0.contains("docker/twin:y") })
    let lint = try await tree.coppice("lint", "--json")
    #expect(lint.exitCode == 0)
    let found = try JSONValue(parsing: lint.output)["diagnostics"]?.array ?? []
    #expect(found.count { $0["severity"]?.string == "warning" } == 3)
  }

  @Test func aDirectoryThatIsAlmostRightIsSuggested() async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try tree.write(
      "share/docker/app/1/casa_distro_docker.yaml",
      "dependencies: [../../bas]\nimage_sources:\n  - {name: app, tags: ['1']}\n")
    let run = try await tree.coppice("list")
    #expect(run.exitCode == 2)
    #expect(run.errorOutput.contains("'../../bas' does not exist"))
    #expect(run.errorOutput.contains("did you mean '../../base'?"), "\(run.errorOutput)")
  }

  @Test func filesThatAreNoFilesAreNamed() async throws {
    let tree = try await Repository()
    try tree.write("share/docker/a/1/Dockerfile", "FROM scratch\n")
    let yaml = (tree.directory / "share/docker/a/1/casa_distro_docker.yaml").description
    for (words, message) in [
      (["ln", "-s", "nowhere", yaml], "No such file"), (["mkfifo", yaml], "Not a regular file"),
    ] {
      _ = try await tree.run(words)
      let run = try await tree.run(["timeout", "20", (Laboratory.binaries / "coppice").description, "list"])
      #expect(run.exitCode == 2, "\(run.all)")
      #expect(run.errors.count == 1 && run.errorOutput.contains(message), "\(run.all)")
      try Laboratory.files.remove(FilePath(yaml))
    }
  }

  @Test(arguments: ["foo: bar\n", "jobs: many\n", "engine: dokcer\n", "namespace: A B\n", "- x\n", "store: [x]\n"])
  func faultsOfTheSettingsAreNamed(text: String) async throws {
    let tree = try await Repository()
    try tree.defineSketch()
    try tree.write("coppice.yaml", text)
    let run = try await tree.coppice("list")
    #expect(run.exitCode == 2)
    #expect(run.errors.count == 1 && run.errors.first?.hasPrefix("coppice.yaml:1:") == true, "\(run.all)")
  }
}
