import DefinitionScan
import HostSystem
import ImageModel
import TestSupport
import Testing

struct SettingsTests {
  private func read(_ text: String) throws -> Settings {
    try SettingsReader.read(Array(text.utf8), repository: "/r")
  }

  @Test func everythingHasADefault() throws {
    let files = InMemoryFileSystem(root: "/r")
    for settings in [try SettingsReader.read(repository: "/r", files: files), try read(""), try read("namespace:\n")] {
      #expect(settings.namespace == "cati")
      #expect(settings.casaVersion.value == "1.0")
      #expect(settings.engine == nil)
      #expect(settings.jobs == nil)
      #expect(settings.network == "host")
      #expect(settings.maxAge == nil)
      #expect(settings.compression == Singularity())
    }
  }

  @Test func everySettingIsRead() throws {
    let files = InMemoryFileSystem(root: "/r")
    files.write(
      "/r/coppice.yaml",
      """
      namespace: org/sub
      engine: buildah
      store: ../store
      casa_version: 2.10
      jobs: 3
      compression: {compression: zstd, level: 9}
      network: none
      max_age: 30d
      destinations: {public: {registry: docker.io/team, kinds: [docker]}, web: {directory: ../www, visibility: public}}
      lint: {ignore: [unpinned-base, floating-base], context_limit: 20MB}
      """)
    let settings = try SettingsReader.read(repository: "/r", files: files)
    #expect(settings.namespace == "org/sub")
    #expect(settings.engine == "buildah")
    #expect(settings.store == "/store")
    #expect(settings.casaVersion.value == "2.10")
    #expect(settings.casaVersion.location.description == "/r/coppice.yaml:4:15")
    #expect(settings.jobs == 3)
    #expect(settings.compression == Singularity(compression: .zstd, level: 9))
    #expect(settings.network == "none")
    #expect(settings.maxAge == .seconds(30 * 86_400))
    #expect(settings.destinations.map(\.name) == ["public", "web"])
    #expect(settings.destinations.first?.place == .registry(host: "docker.io", path: "team"))
    #expect(settings.destinations.first?.kinds == [.docker])
    #expect(settings.destinations.last?.kinds == [.sif, .vbox])
    #expect(settings.destinations.last?.visibilities == [.public])
    #expect(settings.ignoredRules == [.unpinnedBase, .floatingBase])
    #expect(settings.contextLimit == ByteCount(20_000_000))
  }

  @Test func placesOfOtherMachinesAreRead() throws {
    let settings = try read(
      "destinations: {a: {rsync: 'me@web.example:~/www', port: 2222, ssh: ['-i', 'my key']}, b: {rsync: casa_distro}}\n"
    )
    let place = RemotePlace(user: "me", host: "web.example", path: "www")
    #expect(settings.destinations.first?.place == .remote(place, SSHOptions(port: 2222, words: ["-i", "my key"])))
    #expect(settings.destinations.last?.place == .remote(nil, SSHOptions()))
    #expect(
      try RemotePlace.casaDistro([:]).description == "brainvisa@brainvisa.info:/var/www/html/brainvisa.info_download")
    #expect(
      try RemotePlace.casaDistro([
        "BRAINVISA_PUBLISH_LOGIN": "x", "BRAINVISA_PUBLISH_SERVER": "h", "BRAINVISA_PUBLISH_DIR": "d",
      ]).description == "x@h:d")
    #expect(throws: InvalidInput.self) { try RemotePlace.casaDistro(["BRAINVISA_PUBLISH_SERVER": "-x"]) }
  }

  @Test(
    arguments: [
      ("destinations: [a]\n", "1:15 error: 'destinations' must be a mapping"),
      ("destinations: {a: {}}\n", "1:16 error: 'a' of 'destinations' does not say where it is"),
      (
        "destinations: {a: {registry: r.example, directory: x}}\n", "1:16 error: 'a' of 'destinations' is at two places"
      ),
      ("destinations: {a: {registry: team}}\n", "1:30 error: 'team' is no registry"),
      ("destinations: {a: {registry: r.example/x:1}}\n", "1:30 error: 'r.example/x:1' is no registry"),
      ("destinations: {a: {directory: x, kinds: [docker]}}\n", "1:42 error: a kind must be one of sif, vbox"),
      ("destinations: {a: {rsync: host/path}}\n", "1:27 error: 'host/path' is no place of another machine"),
      ("destinations: {a: {rsync: '-oProxyCommand=x:/p'}}\n", "1:27 error: '-oProxyCommand=x:/p' is no place"),
      ("destinations: {a: {directory: x, port: 22}}\n", "1:40 error: 'port' and 'ssh' are for destinations"),
      ("destinations: {a: {rsync: 'h:/p', port: 99999}}\n", "1:41 error: 'port' must be a whole number"),
      ("destinations: {a b: {directory: x}}\n", "1:16 error: 'a b' is no name of a destination"),
      ("destinations: {a: {directory: x, visible: public}}\n", "1:34 error: unknown key 'visible'"),
    ])
  func faultsOfDestinationsAreTold(text: String, fault: String) {
    let found = #expect(throws: InvalidInput.self) { try read(text) }
    #expect(found?.diagnostics.map(Workshop.short).first?.hasPrefix(fault) == true, "\(found?.diagnostics ?? [])")
  }

  @Test(
    arguments: [
      ("lint: {ignore: [unpined-base]}\n", "1:17 error: a rule of 'ignore' must be one of "),
      ("lint: {ignores: []}\n", "1:8 error: unknown key 'ignores' in 'lint'"),
      ("lint: {ignore: unpinned-base}\n", "1:16 error: 'ignore' must be a list"),
      ("lint: {context_limit: large}\n", "1:23 error: 'large' is not a size"),
      ("lint: x\n", "1:7 error: 'lint' must be"),
    ])
  func faultsOfLintAreTold(text: String, fault: String) {
    let found = #expect(throws: InvalidInput.self) { try read(text) }
    #expect(found?.diagnostics.map(Workshop.short).first?.hasPrefix(fault) == true, "\(found?.diagnostics ?? [])")
  }

  @Test func allFaultsAreTold() {
    let fault = #expect(throws: InvalidInput.self) {
      try read(
        "namespase: x\nengine: dokcer\njobs: 0\nnamespace: A\ncompression: lzma\nnetwork: --privileged\nmax_age: 0d\n")
    }
    #expect(
      fault?.diagnostics.map(Workshop.short) == [
        "1:1 error: unknown key 'namespase' in coppice.yaml",
        "2:9 error: 'engine' must be one of docker, podman, buildah, not 'dokcer'",
        "3:7 error: 'jobs' must be a whole number from 1", "4:12 error: 'A' is no namespace of images",
        "5:14 error: 'compression' must be one of gzip, zstd, not 'lzma'",
        "6:10 error: '--privileged' is no name of a network", "7:10 error: '0d' is not an age",
      ])
    #expect(fault?.diagnostics.first?.help == "did you mean 'namespace'?")
  }

  @Test func theRepositoryIsFoundInItsOrder() throws {
    let files = InMemoryFileSystem(root: "/r")
    for directory in ["/r/a/b", "/other", "/h/casa_distro", "/env"] as [FilePath] {
      files.makeSpecial(directory, .directory)
    }
    func find(option: FilePath? = nil, from: FilePath = "/r/a/b", environment: String? = "/env") throws -> FilePath? {
      try RepositoryFinder.find(option: option, from: from, environmentValue: environment, home: "/h", files: files)
    }
    #expect(try find() == "/env")
    #expect(try find(environment: nil) == "/h/casa_distro")
    files.write("/r/coppice.yaml", "")
    #expect(try find() == "/r")
    #expect(try find(from: "/r/a/../a/") == "/r")
    #expect(try find(option: "..") == "/r/a")
    #expect(try find(option: "/other") == "/other")
    #expect(throws: InvalidInput.self) { try find(option: "missing") }
    #expect(throws: InvalidInput.self) { try find(from: "/other", environment: "/missing") }
    files.delete("/h/casa_distro")
    #expect(try find(from: "/other", environment: "") == nil)
  }
}
