import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

@testable import ImageTools

extension ScriptedProcessRunner.Answer: CustomTestStringConvertible {
  /// Not the whole output, which may be long.
  package var testDescription: String { "\(status), \(output.count) bytes" }
}

@Suite struct RegistryCredentialsTests {
  private func credential(
    _ configuration: String, for name: String, helper: ScriptedProcessRunner? = nil
  ) async throws -> Credential? {
    let files = InMemoryFileSystem()
    files.write("/home/me/.docker/config.json", configuration)
    let none = ScriptedProcessRunner { _ in .fails() }
    return try await RegistryCredentials(files: files, processes: helper ?? none, environment: ["HOME": "/home/me"])
      .credential(for: try ImageReference(name))
  }

  @Test func dockersFileIsRead() async throws {
    let file =
      #"{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6c2VjcmV0"},"r.example:5000":{"identitytoken":"t"},"https://old.example/v1/":{"auth":"YTpiOmM="}}}"#
    #expect(try await credential(file, for: "ubuntu") == .password(user: "me", password: "secret"))
    #expect(try await credential(file, for: "r.example:5000/x") == .identity("t"))
    #expect(try await credential(file, for: "old.example/x") == .password(user: "a", password: "b:c"))
    #expect(try await credential(file, for: "other.example/x") == nil)
    await #expect(throws: Failure.self) { _ = try await credential("{", for: "ubuntu") }
  }

  /// As they come first, from the most special to the most general.
  private static let places: [(file: FilePath, variable: (String, String)?)] = [
    ("/a/auth.json", ("REGISTRY_AUTH_FILE", "/a/auth.json")), ("/b/config.json", ("DOCKER_CONFIG", "/b")),
    ("/c/containers/auth.json", ("XDG_RUNTIME_DIR", "/c")), ("/d/containers/auth.json", ("XDG_CONFIG_HOME", "/d")),
  ]

  @Test(arguments: 0..<16) func placesAreLookedAtInTheirOrder(_ present: Int) async throws {
    let files = InMemoryFileSystem()
    var environment = ["HOME": "/home/me", "PATH": "/bin", "UNRELATED": ""]
    for (number, place) in Self.places.enumerated() {
      if let (name, value) = place.variable { environment[name] = value }
      guard present & 1 << number != 0 else { continue }
      files.write(place.file, #"{"auths":{"r.example":{"username":"u\#(number)","password":"p"}}}"#)
    }
    let found = try await RegistryCredentials(
      files: files, processes: ScriptedProcessRunner { _ in .fails() }, environment: environment
    ).credential(for: try ImageReference("r.example/x"))
    let first = (0..<4).first { present & 1 << $0 != 0 }
    #expect(found == first.map { .password(user: "u\($0)", password: "p") })
  }

  @Test func withoutVariablesTheUsualPlacesCount() async throws {
    for place in [
      "/run/containers/1000/auth.json", "/home/me/.config/containers/auth.json", "/home/me/.docker/config.json",
    ] {
      let files = InMemoryFileSystem()
      files.write("/proc/self/status", "Name:\tx\nUid:\t1000\t1000\t1000\t1000\n")
      files.write(FilePath(place), #"{"auths":{"r.example":{"auth":"bWU6c2VjcmV0"}}}"#)
      let found = try await RegistryCredentials(
        files: files, processes: ScriptedProcessRunner { _ in .fails() },
        environment: ["HOME": "/home/me", "DOCKER_CONFIG": "", "XDG_RUNTIME_DIR": ""]
      ).credential(for: try ImageReference("r.example/x"))
      #expect(found == .password(user: "me", password: "secret"), "\(place)")
    }
  }

  @Test func theMostSpecialEntryCounts() async throws {
    func entry(_ user: String) -> String { #"{"username":"\#(user)","password":"p"}"# }
    let file =
      #"{"auths":{"r.example":\#(entry("host")),"r.example/team":\#(entry("team")),"#
      + #""r.example/team/x":\#(entry("x")),"docker.io/me":\#(entry("hub-me")),"docker.io":\#(entry("hub"))}}"#
    for (name, user) in [
      ("r.example/team/x:1", "x"), ("r.example/team/y:1", "team"), ("r.example/teams/y", "host"),
      ("r.example/x", "host"),
      ("me/x", "hub-me"), ("ubuntu", "hub"),
    ] {
      #expect(try await credential(file, for: name) == .password(user: user, password: "p"), "\(name)")
    }
  }

  @Test(
    arguments: [
      (#"{"registrytoken":"t","auth":"bWU6c2VjcmV0"}"#, .token("t")),
      (#"{"identitytoken":"t","auth":"bWU6"}"#, .identity("t")),
      ("{}", nil), (#"{"auth":""}"#, nil), ("null", nil), (#"{"username":"me"}"#, nil),
    ] as [(String, Credential?)]) func everyKindOfLoginIsRead(_ entry: String, _ expected: Credential?) async throws
  {
    #expect(try await credential(#"{"auths":{"r.example":\#(entry)}}"#, for: "r.example/x") == expected)
  }

  @Test(arguments: ["*", "bWU=", "\u{0}"]) func aLoginThatIsGarbageIsSaidToBe(_ auth: String) async throws {
    let file = JSONValue.object(JSONObject([("auths", ["r.example": ["auth": .string(auth)]])])).text
    await #expect {
      _ = try await credential(file, for: "r.example/x")
    } throws: {
      ($0 as? Failure)?.message.contains("the login for r.example in /home/me/.docker/config.json") == true
    }
    #expect(try await credential(file, for: "other.example/x") == nil, "whom it does not concern it does not hurt")
  }

  @Test func helpersAreAskedWithoutArgumentsThatTellAnything() async throws {
    let helper = ScriptedProcessRunner { call in
      call.input == Array("r.example".utf8)
        ? .prints(#"{"ServerURL":"r.example","Username":"me","Secret":"s"}"#) : .fails(1, "credentials not found")
    }
    let found = try await credential(#"{"credHelpers":{"r.example":"pass"}}"#, for: "r.example/x", helper: helper)
    #expect(found == .password(user: "me", password: "s"))
    #expect(helper.commandLines == [["docker-credential-pass", "get"]])
    let none = try await credential(#"{"credsStore":"pass"}"#, for: "other.example/x", helper: helper)
    #expect(none == nil)
  }

  @Test(arguments: [
    ScriptedProcessRunner.Answer.prints("s3cr3t"), .prints(#"{"Username":"me","Secret":"#), .prints(#"["s3cr3t"]"#),
    .fails(1, "cannot decrypt s3cr3t"), .prints(""),
    .init(.signaled(9), output: Array("s3cr3t".utf8)), .prints(String(repeating: "s3cr3t", count: 4 << 20)),
  ]) func aSickHelperIsNamedAndNotQuoted(_ answer: ScriptedProcessRunner.Answer) async throws {
    let helper = ScriptedProcessRunner { _ in answer }
    await #expect {
      _ = try await credential(#"{"credsStore":"sick"}"#, for: "r.example/x", helper: helper)
    } throws: { error in
      let failure = try #require(error as? Failure)
      let text = failure.message + (failure.help ?? "")
      return text.contains("docker-credential-sick") && text.contains("/home/me/.docker/config.json")
        && !text.contains("s3cr3t")
    }
    #expect(helper.calls.count == 1)
  }

  @Test func aHelperThatIsMissingOrHangsIsNamed() async throws {
    let missing = ScriptedProcessRunner { call in throw ProcessError.notFound(call.arguments[0]) }
    await #expect {
      _ = try await credential(#"{"credsStore":"gone"}"#, for: "r.example/x", helper: missing)
    } throws: {
      ($0 as? Failure)?.message.contains("docker-credential-gone: no such program") == true
    }
    let hanging = ScriptedProcessRunner { _ in
      try await Task.sleep(for: .seconds(60))
      return .prints("")
    }
    var helper = CredentialHelper(
      "slow", source: "/c", files: InMemoryFileSystem(), processes: hanging, environment: [:])
    helper.limit = .milliseconds(50)
    await #expect { _ = try await helper.credential(for: "r.example") } throws: {
      ($0 as? Failure)?.message.contains("docker-credential-slow get did not answer") == true
    }
    let path = CredentialHelper(
      "../../evil", source: "/c", files: InMemoryFileSystem(), processes: hanging, environment: [:])
    await #expect(throws: Failure.self) { _ = try await path.credential(for: "r.example") }
    #expect(hanging.calls.count == 1)
  }

  @Test func aHelperIsAskedOnceForARegistryAndByItsRightName() async throws {
    let helper = ScriptedProcessRunner { call in
      let server = String(decoding: call.input, as: UTF8.self)
      return .prints(#"{"Username":"\#(server)","Secret":"s"}"#)
    }
    let files = InMemoryFileSystem()
    files.write(
      "/home/me/.docker/config.json",
      #"{"credsStore":"all","credHelpers":{"docker.io":"hub"},"auths":{"r.example":{"auth":"bWU6c2VjcmV0"}}}"#)
    let credentials = RegistryCredentials(files: files, processes: helper, environment: ["HOME": "/home/me"])
    for name in ["ubuntu", "debian:12", "r.example/x", "r.example/y"] {
      let server = name.contains("r.example") ? "r.example" : "https://index.docker.io/v1/"
      let found = try await credentials.credential(for: try ImageReference(name))
      #expect(found == .password(user: server, password: "s"))
    }
    #expect(helper.commandLines == [["docker-credential-hub", "get"], ["docker-credential-all", "get"]])
  }

  @Test func aStoreWithoutTheLoginLeavesItToTheFile() async throws {
    let helper = ScriptedProcessRunner { _ in .fails(1, "credentials not found in native keychain") }
    let file = #"{"credsStore":"all","auths":{"r.example":{"auth":"bWU6c2VjcmV0"}}}"#
    #expect(
      try await credential(file, for: "r.example/x", helper: helper) == .password(user: "me", password: "secret"))
  }
}
