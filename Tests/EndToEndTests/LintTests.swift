import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// `coppice lint`, and the build that a missing source stops.
@Suite struct LintTests {
  @Test func aFaultOfEachRuleIsFoundInOneRun() async throws {
    let tree = try await Repository()
    try tree.write("coppice.yaml", "singularity: false\nlint: {context_limit: 10kB}\n")
    let home = "home/.config/casa-distro/docker/"
    func define(_ path: String, _ yaml: String, _ dockerfile: String) throws {
      try tree.define(path, yaml, dockerfile: dockerfile)
    }
    func image(_ name: String, _ tags: String = "['1']") -> String {
      "image_sources:\n  - name: \(name)\n    tags: \(tags)\n"
    }
    try define("lib/1", image("lib", "[latest, '1']"), "FROM debian:12\n")
    try tree.write(FilePath(home + "lib/1/casa_distro_docker.yaml"), image("lib"))
    try tree.write("share/docker/empty/notes", "")
    try define(
      "order/1", "dependencies: [../../lib, ../../empty, ../../tool, ../../stages]\n" + image("order", "['1']"),
      "FROM lib\n"
    )
    try define("tool/1", "dependencies: [../../order]\n" + image("tool", "[x, x, '1']"), "FROM scratch\n")
    try define(
      "names/1", image("names") + "    build_args: {JOB: '4'}\n    template_files_parameters: {unused: x}\n",
      "ARG JOBS\nFROM cati/lib:1\n")
    try define(
      "twin/1", "image_sources:\n  - {name: twin, tags: [z, '1']}\n  - {name: twin, tags: [z, '2']}\n", "FROM scratch\n"
    )
    try define("near/1", image("near"), "FROM cati/lib:2\n")
    try define("floating/1", image("floating"), "ARG NONE\nFROM debian$NONE\n")
    try define(
      "stages/1", image("stages"), "FROM scratch AS spare\nFROM scratch AS twice\nFROM scratch AS twice\nLABEL a=b\n")
    try define(
      "copies/1", image("copies"),
      "FROM scratch\nADD https://example.org/x /\nCOPY missing /\nCOPY data /\nCOPY keys links /\n")
    try tree.write("share/docker/copies/1/data", String(repeating: "x", count: 20_000))
    try tree.write("share/docker/copies/1/keys/id_rsa", "secret")
    try tree.write("share/docker/copies/1/links/file", "")
    let made = tree.directory / "share/docker/copies/1"
    _ = try await tree.run(["ln", "-s", "nowhere", (made / "links/link").description])
    _ = try await tree.run(
      ["python3", "-c", "import socket; socket.socket(socket.AF_UNIX).bind('s')"], in: "share/docker/copies/1/keys")
    try define(
      "whole/1", image("whole") + "generate:\n  - {output: made, command: [touch, '{output}']}\n",
      "FROM debian:12\nCOPY $WHERE /\n")
    try tree.write("share/docker/whole/1/.dockerignore", "made\n")
    try define("spelling/1", image("spelling"), "LABEL a=b\nFROM debian:12\nCOPY --form=x data /\nRUNN true\n")
    try tree.write("share/docker/none/1/casa_distro_docker.yaml", image("none"))
    try tree.write("share/docker/lonely/1/Dockerfile", "FROM scratch\n")

    let run = try await tree.coppice("lint", "--json")
    #expect(run.exitCode == 2)
    let found = try JSONValue(parsing: run.output)["diagnostics"]?.array ?? []
    let rules = Set(found.compactMap { $0["rule"]?.string })
    let missing = Set(LintRule.allCases.map(\.rawValue)).subtracting(rules)
    #expect(missing == [], "\(run.all)")
    for finding in found {
      #expect(finding["help"]?.string != nil && finding["file"]?.string != nil, "\(finding)")
    }
    let text = try await tree.coppice("lint")
    for line in text.errorOutput.split(separator: "\n") where line.contains(": error: ") || line.contains(": warning: ")
    {
      #expect(line.hasPrefix("share/docker/") && line.hasSuffix("]"), "\(line)")
    }
    #expect(
      text.errorOutput.contains(
        "share/docker/copies/1/Dockerfile:3:6: error: 'missing' is not in the context [missing-source]"))

    // What is switched off is not said, and warnings count when they are asked to.
    let all = LintRule.allCases.map(\.rawValue).joined(separator: ",")
    #expect(try await tree.coppice("lint", "--strict", "--ignore", all).output == "nothing to say\n")
    let one = try await tree.coppice("lint", "--rule", "remote-source")
    #expect(one.exitCode == 0 && one.output.hasPrefix("0 errors, 1 warning, 0 notes"), "\(one.all)")
    #expect(try await tree.coppice("lint", "--strict", "--rule", "remote-source").exitCode == 2)
    let wrong = try await tree.coppice("lint", "--rule", "remote-sorce", "--ignore", "x")
    #expect(wrong.exitCode == 2 && wrong.errors.count == 2, "\(wrong.all)")
    #expect(wrong.errorOutput.contains("did you mean remote-source?"))
    try tree.write("coppice.yaml", "singularity: false\nlint: {ignore: [\(all)]}\n")
    #expect(try await tree.coppice("lint").output == "nothing to say\n")
    let help = try await tree.coppice("help", "lint")
    for rule in LintRule.allCases { #expect(help.output.contains("\n  \(rule.rawValue) "), "\(rule)") }
  }

  @Test func theBuiltinTreeIsClean() async throws {
    let tree = try await Repository()
    try tree.write("coppice.yaml", "singularity: false\n")
    let share = (Laboratory.sources / "share").description
    let run = try await tree.coppice(["lint", "--strict"], environment: ["COPPICE_BUILTIN": share])
    #expect(run.exitCode == 0 && run.output == "nothing to say\n", "\(run.all)")
  }

  @Test func aMissingSourceFailsBeforeTheEngineStarts() async throws {
    let tree = try await Repository()
    try tree.define(
      "app/1", "image_sources:\n  - {name: app, tags: ['1']}\n",
      dockerfile: "FROM scratch\nCOPY text /text\nCOPY tetx /text2\n")
    try tree.write("share/docker/app/1/text", "one\n")
    #expect(try await tree.states() == ["docker/app:1": "stale"], "asking is not building")
    let run = try await tree.coppice("build")
    #expect(run.exitCode == 1, "\(run.all)")
    #expect(run.all.contains("share/docker/app/1/Dockerfile:3:6"), "\(run.all)")
    #expect(run.all.contains("did you mean 'text'?"), "\(run.all)")
    #expect(!run.all.contains("STEP 1"), "\(run.all)")
    try tree.write("share/docker/app/1/tetx", "two\n")
    #expect(try await tree.build() == ["docker/app:1 built"])
  }
}
