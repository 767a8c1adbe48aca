import HostSystem
import ImageModel
import JSONText
import TestSupport
import Testing

/// What a rebuild that came out nearly the same, and one that failed, tell of why.
@Suite(.serialized, .enabled(if: Laboratory.hasBusybox && Laboratory.has("buildah"), "make test prepares the peers"))
struct NearMissTests {
  @Test func thePathsThatDifferAreNamedInEveryReport() async throws {
    let tree = try await Repository()
    try tree.defineShell()
    try tree.define(
      "app/1", "image_sources:\n  - {name: app, tags: ['1']}\n",
      dockerfile: """
        FROM cati/shell:1
        RUN ["/bin/busybox", "sh", "-c", "mkdir /etc; cat /proc/sys/kernel/random/uuid > /etc/stamp; echo a > /etc/b"]

        """)
    #expect(try await tree.build() == ["docker/app:1 built", "docker/shell:1 built"])
    let plain = try await tree.coppice("build", "app", "--force", "cve", "--progress", "plain")
    #expect(plain.exitCode == 0, "\(plain.all)")
    #expect(
      plain.output.contains("near miss: only these paths differ from the recorded image: /etc/stamp\n"), "\(plain.all)")
    let json = try await tree.coppice("build", "app", "--force", "cve", "--progress", "json")
    let finished = try json.events.first { $0["event"]?.string == "finished" }
    #expect(finished?["nearMiss"]?.strings == ["/etc/stamp"], "\(json.all)")
    // An edit is no near miss, only what differs beside it; an edit of which nothing is seen changes nothing told.
    try tree.write("share/docker/shell/1/text", "two\n")
    let edited = try await tree.coppice("build", "--progress", "json")
    let misses = try edited.events.map { $0["nearMiss"]?.strings }.compactMap(\.self)
    #expect(misses == [["/etc/stamp"]], "\(edited.all)")
    let explained = try await tree.coppice("explain", "app", "--build", "3", "--json")
    #expect(try JSONValue(parsing: explained.output)["nearMiss"]?.strings == ["/etc/stamp"], "\(explained.all)")
  }

  @Test func aFailingInstructionIsToldLikeACompilersError() async throws {
    let tree = try await Repository()
    try tree.defineShell()
    try tree.define(
      "app/1", "image_sources:\n  - {name: app, tags: ['1']}\n",
      dockerfile: "FROM cati/shell:1\n# why\nRUN [\"/bin/busybox\", \\\n  \"false\"]\n")
    let run = try await tree.coppice("build")
    #expect(run.exitCode == 1)
    let start = "share/docker/app/1/Dockerfile:3:1: error: docker/app:1: RUN [\"/bin/busybox\", \"false\"] failed with"
    #expect(run.errorOutput.split(separator: "\n").contains { $0.hasPrefix(start) }, "\(run.all)")
  }
}
