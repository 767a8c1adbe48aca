import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// What is secret reaches the build and nothing else.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.has("buildah"), "make test prepares the peers"))
struct SecretTests {
  private static let token = "hunter-22-token"

  @Test func aSecretIsInNoFileNoOutputAndNoArgumentList() async throws {
    let tree = try await Repository()
    try tree.defineShell(
      "app", "    secrets: [{id: token, env: MY_TOKEN}]\n    build_args: {API_PASSWORD: argument-33}\n")
    let hash = "/bin/busybox sha256sum < /run/secrets/token > /hash"
    try tree.write(
      "share/docker/app/1/Dockerfile",
      """
      FROM scratch
      COPY busybox /bin/busybox
      RUN ["/bin/busybox", "--install", "-s", "/bin"]
      ENV PATH=/bin
      COPY text /text
      ARG API_PASSWORD
      RUN --mount=type=secret,id=token test -s /run/secrets/token && \(hash) && sleep 1

      """)
    let missing = try await tree.coppice("build")
    #expect(missing.exitCode == 1)
    #expect(missing.errorOutput.contains("MY_TOKEN"), "\(missing.all)")

    let isOver = Locked(false)
    async let watched = Self.argumentLists(containing: Self.token, until: isOver)
    let run = try await tree.coppice(["build", "-v"], environment: ["MY_TOKEN": Self.token])
    isOver.withLock { $0 = true }
    #expect(run.exitCode == 0, "\(run.all)")
    #expect(await watched == [])
    #expect(!run.all.contains(Self.token))
    let traces = try await tree.traces()
    #expect(!traces.contains(Self.token))
    let content = try await tree.coppice("log", "app")
    #expect(content.output.contains("/run/secrets/token"), "the step did run")
    // Another token is no reason to build, and none is needed where nothing is built.
    #expect(try await tree.build() == [])
    for words in [["status", "--json"], ["explain", "app"], ["history", "--json"], ["list", "--json"], ["lint"]] {
      let asked = try await tree.coppice(words, environment: ["MY_TOKEN": Self.token])
      #expect(!asked.all.contains(Self.token))
    }
    // A value of an argument that looks secret stands in no record of ours.
    for name in ["coppice.lock", ".coppice/journal"] as [FilePath] {
      #expect(!(try tree.directory.text(name)).contains("argument-33"))
    }
    let yaml: FilePath = "share/docker/app/1/casa_distro_docker.yaml"
    try tree.write(yaml, try tree.directory.text(yaml).replacing("argument-33", with: "argument-44"))
    let changed = try await tree.coppice("status")
    #expect(changed.output.contains("API_PASSWORD") && !changed.output.contains("argument-"), "\(changed.all)")
  }

  /// The argument lists of all processes with `text` in them, looked for again and again.
  private static func argumentLists(containing text: String, until isOver: Locked<Bool>) async -> [String] {
    var found: [String] = []
    while !isOver.withLock({ $0 }) {
      for entry in (try? Laboratory.files.entries(of: "/proc")) ?? [] where Int(entry.name.description) != nil {
        let path: FilePath = "/proc" / entry.name / "cmdline"
        guard let bytes = try? Laboratory.files.contents(of: path, limit: 1 << 20) else { continue }
        let words = String(decoding: bytes, as: UTF8.self)
        if words.contains(text) { found.append(words) }
      }
      try? await Task.sleep(for: .milliseconds(20))
    }
    return found
  }
}
