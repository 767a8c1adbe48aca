import ImageModel
import Testing

@testable import coppice

@Suite struct CommandLineRequestTests {
  private func build(_ words: [String]) throws -> (BuildOptions, GlobalOptions) {
    let line = try CommandLineRequest(words)
    guard case .build(let options) = line.request else { throw Failure("\(line.request) is no build") }
    return (options, line.global)
  }

  @Test func globalOptionsStandBeforeOrAfterTheCommand() throws {
    for words in [
      ["-r", "repo", "-C", "dir", "--engine=buildah", "-v", "build", "x"],
      ["build", "x", "-r", "repo", "-Cdir", "--engine", "buildah", "--verbose"],
      ["-r", "other", "build", "-r", "repo", "x", "-C", "dir", "-v", "--engine", "buildah"],
    ] {
      let (options, global) = try build(words)
      #expect(options.targets == ["x"])
      #expect(global.repository == "repo")
      #expect(global.directory == "dir")
      #expect(global.engine == "buildah")
      #expect(global.isVerbose)
    }
  }

  @Test func everyOptionOfBuildArrives() throws {
    let (options, _) = try build([
      "build", "all", "-j4", "-k", "-n", "--force", "why", "--locked", "--progress", "json", "--exit-code",
      "--changed-since", "main",
    ])
    #expect(options.targets == ["all"])
    #expect(options.jobs == 4)
    #expect(options.keepsGoing && options.isDryRun && options.isLocked && options.hasExitCode && !options.isTouch)
    #expect(options.forced == "why")
    #expect(options.progress == .json)
    #expect(options.changedSince == "main")
  }

  @Test func whatIsNotSaidHasItsDefault() throws {
    let (options, global) = try build(["build"])
    #expect(options.targets.isEmpty && options.jobs == nil && options.forced == nil && options.progress == .auto)
    #expect(global == GlobalOptions())
    guard case .history(let history) = try CommandLineRequest(["history"]).request else {
      Issue.record("no history")
      return
    }
    #expect(history.limit == 20 && history.target == nil)
    guard case .graph(let graph) = try CommandLineRequest(["graph"]).request else {
      Issue.record("no graph")
      return
    }
    #expect(graph.format == .tree)
  }

  @Test(arguments: CommandName.allCases)
  func everyCommandParsesWithoutMoreThanItsArguments(command: CommandName) throws {
    let needed = command.specification.arguments.filter { $0.allowed.lowerBound > 0 }.map { _ in "x" }
    _ = try CommandLineRequest(command.words + needed)
    #expect(command.specification.name == command.rawValue)
  }

  @Test(arguments: CommandName.allCases)
  func everyExampleOfTheHelpParses(command: CommandName) throws {
    #expect(!command.specification.examples.isEmpty)
    for example in command.specification.examples {
      let words = try Self.words(ofShell: example.command)
      _ = try CommandLineRequest(words)
      #expect(words.starts(with: command.words))
    }
  }

  @Test func helpIsAskedForInManyWays() throws {
    for words in [["help", "build"], ["build", "--help"], ["build", "-h", "--forse"], ["--help", "build", "-x"]] {
      guard case .help(.command(.build)) = try CommandLineRequest(words).request else {
        Issue.record("\(words)")
        continue
      }
    }
    for words in [[], ["help"], ["--help"], ["-h"], ["-v"]] {
      guard case .help(.overview) = try CommandLineRequest(words).request else {
        Issue.record("\(words)")
        continue
      }
    }
    for words in [["sif"], ["sif", "--help"], ["help", "sif"], ["-h", "sif"]] {
      guard case .help(.group(.sif)) = try CommandLineRequest(words).request else {
        Issue.record("\(words)")
        continue
      }
    }
    for words in [
      ["help", "sif", "list"], ["sif", "list", "--help"], ["-h", "sif", "list"], ["sif", "list", "-h", "-x"],
    ] {
      guard case .help(.command(.sifList)) = try CommandLineRequest(words).request else {
        Issue.record("\(words)")
        continue
      }
    }
    for words in [["--version"], ["build", "--version"], ["--version", "build"]] {
      guard case .version = try CommandLineRequest(words).request else {
        Issue.record("\(words)")
        continue
      }
    }
  }

  @Test(
    arguments: [
      (["bild"], "unknown command 'bild'", "did you mean 'build'?"),
      (["help", "grap"], "unknown command 'grap'", "did you mean 'graph'?"),
      (["xyzzy"], "unknown command 'xyzzy'", "'coppice help' lists all commands"),
      (["sif", "lst", "x"], "unknown command 'sif lst'", "did you mean 'sif list'?"),
      (["sfi", "list"], "unknown command 'sfi'", "did you mean 'sif'?"),
      (["sif", "--jsno"], "unknown option --jsno", "'coppice sif --help' shows what it takes"),
      (["sif", "list"], "missing FILE", "write coppice sif list FILE"),
      (["help", "build", "x"], "coppice help does not take 'x'", nil),
      (["-j", "4", "build"], "-j stands before the command", "write it after the command: coppice COMMAND -j"),
      (
        ["--jobs", "4", "build"], "--jobs stands before the command",
        "write it after the command: coppice COMMAND --jobs"
      ),
      (["build", "-v", "-q"], "--verbose and --quiet exclude each other", "leave one of them out"),
      (["build", "--touch", "--force", "x"], "--touch and --force exclude each other", "leave one of them out"),
      (["explain"], "missing TARGET", "write coppice explain TARGET"),
      (
        ["graph", "--format", "doot"], "--format needs one of tree, dot, mermaid, json, not 'doot'", "did you mean dot?"
      ),
    ] as [([String], String, String?)])
  func aWrongCommandLineIsExplained(words: [String], message: String, help: String?) throws {
    let error = try #require(throws: InvalidInput.self) { try CommandLineRequest(words) }
    #expect(error.diagnostics.first?.message == message)
    #expect(error.diagnostics.first?.help == help)
  }

  /// The words of an example up to a pipe; single quotes only.
  private static func words(ofShell text: String) throws -> [String] {
    let parts = text.split(separator: "'", omittingEmptySubsequences: false)
    var words: [String] = []
    for (index, part) in parts.enumerated() {
      if index % 2 == 1 { words.append(String(part)) } else { words += part.split(separator: " ").map(String.init) }
    }
    return Array(words.prefix { $0 != "|" })
  }
}

extension CommandName {
  /// As they are typed.
  fileprivate var words: [String] { rawValue.split(separator: " ").map(String.init) }
}
