import DefinitionLint
import ImageModel
import TestSupport
import Testing

/// What a person chooses, and what comments switch off.
struct LinterTests {
  private static let faulty = "FROM p\nADD https://example.org/x /\nCOPY missing /\n"

  @Test func rulesAreChosenAndIgnored() throws {
    var judgement = Judgement(dockerfile: Self.faulty)
    #expect(try judgement.short().count == 4)
    judgement.ignored = [.missingSource, .unpinnedBase]
    #expect(try judgement.findings().map(\.rule) == [.floatingBase, .remoteSource])
    judgement.chosen = [.remoteSource, .missingSource]
    #expect(try judgement.findings().map(\.rule) == [.remoteSource])
  }

  @Test func errorsThatAreNoRulesAreAlwaysTold() throws {
    var judgement = Judgement(dockerfile: "FROM scratch\nCOPY x\n")
    judgement.chosen = [.floatingBase]
    #expect(try judgement.findings().map(\.severity) == [.error])
  }

  @Test(
    arguments: [
      ("# coppice: ignore=remote-source\n", true), ("#coppice: ignore=floating-base,remote-source\n", true),
      ("# coppice: ignore=remote-source (it never changes)\n", true),
      ("# coppice: ignore=remote-source\n# and why\n", true), ("# coppice: ignore=floating-base\n", false),
      ("# coppice: ignore=remote-source\n\n", false), ("# coppice: ignore=remote-source\nUSER 1\n", false),
      ("# ignore=remote-source\n", false), ("# please ignore=remote-source\n", false), ("# coppice: ignore=\n", false),
    ])
  func aCommentAboveSwitchesARuleOff(comment: String, isOff: Bool) throws {
    for instruction in [
      "ADD https://example.org/x /\n", "ADD \\\n  https://example.org/x /\n",
      "ADD \\\n# why\n https://example.org/x /\n",
    ] {
      let judgement = Judgement(dockerfile: "FROM scratch\n\(comment)\(instruction)")
      #expect(try judgement.findings().contains { $0.rule == .remoteSource } != isOff, "\(comment)\(instruction)")
    }
  }

  @Test func commentsInDefinitionsCount() throws {
    let source = "# coppice: ignore=unused-argument\nbuild_args: {A: x}\n"
    #expect(try Judgement(dockerfile: "FROM scratch\n", source: source).short() == [])
  }

  @Test func imagesOfOneDefinitionTellAFaultOnce() throws {
    let judgement = Judgement([
      "a/casa_distro_docker.yaml": "image_sources:\n  - {name: a, tags: ['1']}\n  - {name: a, tags: ['2']}\n",
      "a/Dockerfile": Self.faulty,
    ])
    #expect(try judgement.short().count == 4)
  }

  @Test func whatWasNotAskedForIsNotLookedAt() throws {
    let judgement = Judgement(
      dockerfile: Self.faulty,
      [
        "b/casa_distro_docker.yaml": "image_sources:\n  - {name: b, tags: ['1']}\n", "b/Dockerfile": "FROM scratch\n",
      ])
    #expect(try judgement.findings(["b"]) == [])
  }

  @Test func everyRuleHasASummaryOfOneLine() {
    for rule in LintRule.allCases {
      #expect(!rule.summary.isEmpty && !rule.summary.contains("\n") && !rule.summary.hasSuffix("."))
      #expect(rule.rawValue.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D })
    }
  }

  /// Everything that is legal and told can be switched off.
  @Test func allThatIsNoErrorHasARule() throws {
    let judgement = Judgement([
      "a/casa_distro_docker.yaml":
        "dependencies: [../none]\nimage_sources:\n  - {name: a, tags: [x, x, '1']}\n  - {name: a, tags: [x, '2']}\n",
      "a/Dockerfile": """
      # check=skip=all
      # check=error=true
      ENV A=b
      ARG B
      FROM p$B AS x
      COPY --nosuch $Q /
      CPY x y
      ONBUILD RUNN x
      COPY --from=late x /
      FROM x AS x
      FROM x AS 1x
      RUN echo $((1 << 2))
      FROM x AS late
      FROM cati/a:3
      COPY --from=0 x /
      COPY --from=1x x /
      """,
      "b/Dockerfile": "FROM x\n",
      "c/casa_distro_docker.yaml": "image_sources: [{name: c, tags: ['1']}]\n",
      "c/Dockerfile": "# syntax=nobody/knows\nFROM x\n",
      "none/x": "",
    ])
    let findings = try judgement.findings()
    let rules = Set(findings.compactMap(\.rule))
    #expect(rules.isSuperset(of: [.unknownInstruction, .unknownFlag, .doubtfulSyntax, .wholeContext]), "\(findings)")
    for finding in findings where finding.severity != .error {
      #expect(finding.rule != nil, "\(finding)")
      #expect(finding.help != nil, "\(finding)")
    }
  }
}
