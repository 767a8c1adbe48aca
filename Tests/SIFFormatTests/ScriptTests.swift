import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import SIFFormat

/// The scripts, run by real shells.
struct ScriptTests {
  /// Prints its arguments, each with a zero byte behind it.
  private static let printer = ["/usr/bin/printf", "%s\\0"]

  @Test(arguments: Shell.all) func theWordsOfTheImageArriveAsTheyAre(shell: Shell) async throws {
    let directory = try TemporaryDirectory()
    for seed in Soak.seeds(12) {
      var random = SeededGenerator(seed: seed)
      let (entrypoint, command) = (random.nastyWords(), random.nastyWords(1...4))
      let hasEntrypoint = random.once(in: 2)
      let text = Runscript.text(
        entrypoint: hasEntrypoint ? Self.printer + entrypoint : [],
        command: hasEntrypoint ? command : Self.printer + command)
      try directory.write("run", text)
      let expected = (hasEntrypoint ? entrypoint : []) + command
      let path = (directory / "run").description
      for mode in [[:], ["SINGULARITY_NO_EVAL": "1"]] {
        let words = try await shell.run([path], environment: mode)
        #expect(words == expected, "seed \(seed)")
      }
    }
  }

  /// In place of the command; evaluated by the shell, unless that is switched off.
  @Test(arguments: Shell.all) func theWordsOfTheCallerReplaceTheCommand(shell: Shell) async throws {
    let directory = try TemporaryDirectory()
    let path = (directory / "run").description
    for seed in Soak.seeds(12) {
      var random = SeededGenerator(seed: seed)
      let entrypoint = random.nastyWords()
      try directory.write(
        "run", Runscript.text(entrypoint: Self.printer + entrypoint, command: random.nastyWords(1...3)))
      let arguments = random.nastyWords(1...4)
      let exact = try await shell.run([path] + arguments, environment: ["SINGULARITY_NO_EVAL": "yes"])
      #expect(exact == entrypoint + arguments, "seed \(seed)")
      let plain = arguments.map { $0.filter { !"\\\"`$".contains($0) } }
      #expect(try await shell.run([path] + plain, environment: [:]) == entrypoint + plain, "seed \(seed)")
    }
    try directory.write("run", Runscript.text(entrypoint: Self.printer, command: ["c"]))
    let words = try await shell.run(
      [path, "$X", "a\\\"b", "`echo c d`", "\\$X", "x\" \"y"], environment: ["X": "1 2", "PATH": "/bin"])
    #expect(words == ["1 2", "a\"b", "c d", "$X", "x", "y"])
    try directory.write("run", Runscript.text(entrypoint: [], command: ["/bin/false"]))
    #expect(try await shell.run([path] + Self.printer.map { $0.replacing("\\", with: "\\\\") } + ["a b"]) == ["a b"])
  }

  @Test(arguments: Shell.all) func theEnvironmentOfTheImageArrivesAsItIs(shell: Shell) async throws {
    let directory = try TemporaryDirectory()
    for seed in Soak.seeds(12) {
      var random = SeededGenerator(seed: seed)
      var expected = ["PATH": "/usr/bin:/bin:" + random.nastyText()]
      for index in 0..<8 { expected["V\(index)_x"] = random.nastyText() }
      let entries = expected.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }
      let others = ["1X=y", "A-B=c", "=d", "", "A.B", "é=1", "NOTHING", "SET", "V\n=2"]
      try directory.write("env", EnvironmentScript.text((entries + others).shuffled(using: &random)))
      let caller = ["PATH": "/caller", "V0_x": "of the caller", "V1_x": "", "SET": "s"]
      let printed = try await shell.run(
        ["-c", ". \"$0\"; exec /usr/bin/env -0", (directory / "env").description], environment: caller)
      expected["V0_x"] = "of the caller"
      (expected["SET"], expected["NOTHING"]) = ("s", "")
      let ours = Set(expected.keys)
      let told = Dictionary(
        printed.compactMap { line in
          line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[$0...].dropFirst())) }
        },
        uniquingKeysWith: { first, _ in first })
      #expect(told.filter { ours.contains($0.key) } == expected, "seed \(seed)")
      // The shell's own are left.
      #expect(Set(told.keys).subtracting(ours).isSubset(of: ["PWD", "OLDPWD", "SHLVL", "_"]), "seed \(seed)")
    }
  }

  @Test(arguments: Shell.all) func everyScriptIsOneThatShellsRead(shell: Shell) async throws {
    let directory = try TemporaryDirectory()
    for (path, text) in StandardScripts.all {
      try directory.write("script", text)
      #expect(try await shell.run(["-n", (directory / "script").description]).isEmpty, "\(path)")
      #expect(text.hasPrefix("#!/bin/sh\n") && text.hasSuffix("\n"))
    }
  }

  @Test(arguments: Shell.all) func theStandardEnvironmentCompletesWhatIsThere(shell: Shell) async throws {
    let directory = try TemporaryDirectory()
    for name in ["env/99-base.sh", "env/99-runtimevars.sh", "env/95-apps.sh"] {
      let text = try #require(StandardScripts.all.first { $0.path == name }?.text)
      try directory.write(FilePath(name), text)
    }
    func environment(_ name: String, _ given: [String: String]) async throws -> Set<String> {
      let path = (directory / FilePath(name)).description
      return Set(try await shell.run(["-c", "set -e; . \"$0\"; exec /usr/bin/env -0", path], environment: given))
    }
    let plain = try await environment("env/99-base.sh", [:])
    // Some shells bring a PS1 of their own.
    #expect(plain.contains("LD_LIBRARY_PATH=/.singularity.d/libs") && plain.contains { $0.hasPrefix("PS1=") })
    #expect(
      try await environment("env/99-base.sh", ["LD_LIBRARY_PATH": "/a:/b"])
        .contains("LD_LIBRARY_PATH=/a:/b:/.singularity.d/libs"))
    let paths = [
      "PATH": "/bin", "SING_USER_DEFINED_PREPEND_PATH": "/x y", "SING_USER_DEFINED_APPEND_PATH": "/z",
    ]
    let changed = try await environment("env/99-runtimevars.sh", paths)
    #expect(changed.contains("PATH=/x y:/bin:/z") && !changed.contains { $0.hasPrefix("SING_USER") })
    #expect(
      try await environment("env/99-runtimevars.sh", ["PATH": "/bin", "SING_USER_DEFINED_PATH": "/only"])
        .contains("PATH=/only"))
    #expect(try await environment("env/95-apps.sh", ["PATH": "/bin"]).contains("PATH=/bin"))
    await #expect(throws: Failure.self) {
      try await environment("env/95-apps.sh", ["SINGULARITY_APPNAME": "no-such-app"])
    }
  }
}
