import DefinitionScan
import ImageModel
import TestSupport
import Testing

struct TemplateTests {
  private func render(_ template: String, parameters: String = "{}") -> (text: String?, faults: [String]) {
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": Workshop.definition("template_files_parameters: \(parameters)"),
      "a/Dockerfile": "FROM x\n", "a/t.template": template,
    ])
    let tree = workshop.scan()
    let text = tree.image("docker/a:1")?.renderedFiles["t"].map { String(decoding: $0, as: UTF8.self) }
    return (text, tree.diagnostics.map(Workshop.short))
  }

  @Test(arguments: [
    ("%(a)s-%(casa_version)s", "{a: x}", "x-1.0"), ("%%(a)s", "{a: x}", "%(a)s"),
    ("%(a)s", "{a: '%(b)s%(b)s', b: '%(c)s.', c: z}", "z.z."), ("%(a)s", "{a: '100%%'}", "100%"),
    ("%(a)s", "{a: '%%(b)s', b: x}", "%(b)s"), ("%(casa_version)s", "{casa_version: '9'}", "9"), ("", "{}", ""),
    ("%(a b)s", "{a b: x}", "x"), ("é%(a)s\n", "{a: ü}", "éü\n"),
  ])
  func parametersAreExpandedAmongThemselvesAndTheTextOnce(template: String, parameters: String, expected: String) {
    let (text, faults) = render(template, parameters: parameters)
    #expect(text == expected)
    #expect(faults == [])
  }

  @Test(arguments: [
    ("x\n  100% of\n", "2:6 error: a '%' stands alone (for a:1)"), ("%(a)d", "1:1 error: a '%' stands alone (for a:1)"),
    ("%(a", "1:1 error: a '%' stands alone (for a:1)"), ("%(a\n)s", "1:1 error: a '%' stands alone (for a:1)"),
    ("é%", "1:2 error: a '%' stands alone (for a:1)"), ("\n%(b)s", "2:1 error: there is no parameter 'b' (for a:1)"),
  ])
  func anyOtherPercentSignIsAFaultWithItsLine(template: String, expected: String) {
    #expect(render(template, parameters: "{a: x}").faults == [expected])
  }

  @Test func theParametersThatATemplateNamesAreKnownWithTheirPlaces() {
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": Workshop.definition(
        "template_files_parameters: {a: '%(b)s', b: '%%(d)s', c: z, d: w}\nbuild_args: {X: '1'}\ntarget: t"),
      "a/Dockerfile.template": "FROM x AS t\n# %(a)s %(a)s %(casa_version)s\n", "a/t.template": "%(c)s",
      "a/u.template": "%%(c)s",
    ])
    let recipe = workshop.scan().image("docker/a:1")
    let used = recipe?.templates.mapValues { source in
      source.parameters.map { "\($0) \($1.value) \($1.location.line):\($1.location.column)" }.sorted()
    }
    #expect(
      used == [
        "Dockerfile": ["a %(b)s 4:36", "b %%(d)s 4:48", "casa_version 1.0 0:0"], "t": ["c z 4:61"], "u": [],
      ])
    #expect(recipe?.templates["t"]?.text == Array("%(c)s".utf8))
    #expect(recipe?.templates["t"]?.file.name == "t.template")
    #expect(recipe?.places[.argument]?["X"].map { "\($0.line):\($0.column)" } == "5:21")
    #expect(recipe?.places[.recipe]?.mapValues(\.line) == ["target": 6])
  }

  @Test func parametersThatGrowWithoutBoundAreAFault() {
    var parameters = "{p0: '\(String(repeating: "x", count: 1000))'"
    for level in 1...40 { parameters += ", p\(level): '%(p\(level - 1))s%(p\(level - 1))s'" }
    let faults = render("%(p40)s", parameters: parameters + "}").faults
    #expect(faults.count >= 1)
    #expect(faults.allSatisfy { $0.contains("expands to more than 16 MiB") }, "\(faults)")
  }

  @Test func aFaultOfAParameterIsToldOnce() {
    let (_, faults) = render("%(a)s %(a)s %(b)s", parameters: "{a: '5%', b: '%(a)s'}")
    #expect(faults == ["4:36 error: a '%' stands alone, in a parameter of a:1"])
  }

  /// Parameters as the definition has them, in a template that names the first.
  private static func faults(_ parameters: [String]) async -> [String] {
    // Where the program reads them: the stack of such a thread is small.
    await Task.detached {
      let definition =
        Workshop.definition() + "    template_files_parameters:\n" + parameters.map { "      \($0)\n" }.joined()
      return Workshop(["a/casa_distro_docker.yaml": definition, "a/Dockerfile.template": "FROM %(p0)s\n"])
        .scan().diagnostics.map(\.message)
    }.value
  }

  @Test func parametersNestOnlySoDeep() async {
    let chain = (0..<20_000).map { "p\($0): '%(p\($0 + 1))s'" } + ["p20000: x"]
    #expect(
      await Self.faults(chain).contains { $0.hasPrefix("parameters contain each other over more than 64 levels") })
    #expect(await Self.faults((0..<60).map { "p\($0): '%(p\($0 + 1))s'" } + ["p60: x"]) == [])
  }

  @Test func parametersDoNotFillTheMemory() async {
    let wide = (1..<200).map { "p\($0): '%(x)s'" }
    let doubling = (1..<24).map { "d\($0): '%(d\($0 + 1))s%(d\($0 + 1))s'" } + ["d24: x"]
    let first = "p0: '\((1..<200).map { "%(p\($0))s" }.joined())'"
    let faults = await Self.faults([first, "x: '%(d1)s'"] + wide + doubling)
    #expect(faults.contains { $0.contains("expands to more than 16 MiB") })
  }

  @Test func aTemplateBesideItsOwnResultIsAFault() {
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": Workshop.definition(), "a/Dockerfile": "FROM x\n",
      "a/Dockerfile.template": "FROM y\n",
    ])
    #expect(
      workshop.scan().diagnostics.map(\.message)
        == ["both 'Dockerfile.template' and 'Dockerfile' exist, and the one would make the other"])
  }

  @Test func onlyFilesAtTheTopAreTemplates() {
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": Workshop.definition(), "a/Dockerfile": "FROM x\n", "a/sub/x.template": "%",
      "a/dir.template/x": "%", "share.txt": "%(casa_version)s",
    ])
    workshop.files.link("/r/share/docker/a/linked.template", to: "../share.txt")
    let tree = workshop.scan()
    #expect(tree.diagnostics == [])
    #expect(tree.image("docker/a:1")?.renderedFiles == ["linked": Array("1.0".utf8)])
  }

  @Test func twoSpellingsOfALetterAreTwoValuesAndTwoFiles() {
    let (composed, decomposed) = ("\u{FC}", "u\u{308}")
    let workshop = Workshop([
      "a/casa_distro_docker.yaml": """
      image_sources:
        - {name: casa-a, tags: ['1'], build_args: {W: \(composed)}}
        - {name: casa-a, tags: ['2'], build_args: {W: \(decomposed)}}
      """,
      "a/Dockerfile": "FROM x\nARG W\nCOPY $W /\n", "a/\(composed).template": "1", "a/\(decomposed).template": "2",
    ])
    let tree = workshop.scan()
    #expect(tree.diagnostics == [])
    for (id, word) in [("docker/casa-a:1", composed), ("docker/casa-a:2", decomposed)] {
      #expect(
        tree.image(id)?.dockerfile.reach
          == .selected([ContextSelector(pattern: word, isPattern: false, isContentsOnly: true)]))
    }
    #expect(
      tree.image("docker/casa-a:1")?.renderedFiles == [FilePath(composed): [0x31], FilePath(decomposed): [0x32]])
  }

  @Test func aTemplateThatLeadsNowhereIsAFault() {
    let workshop = Workshop(["a/casa_distro_docker.yaml": Workshop.definition(), "a/Dockerfile": "FROM x\n"])
    workshop.files.link("/r/share/docker/a/x.template", to: "nowhere")
    #expect(workshop.scan().diagnostics.map(\.severity) == [.error])
  }
}
