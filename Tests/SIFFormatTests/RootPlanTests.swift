import ImageModel
import TestSupport
import Testing

@testable import SIFFormat

struct RootPlanTests {
  private let files: SingularityFiles

  init() throws {
    let config = try OCIConfig(Array(#"{"config":{"Cmd":["sh"]}}"#.utf8))
    files = SingularityFiles(config, writer: "w")
  }

  private func planned(_ entries: [FilePath: RootEntry]) throws -> (root: TestRoot, plan: RootPlan) {
    var root = TestRoot(entries)
    let plan = RootPlan(files, in: root)
    for change in plan.changes { try root.apply(change) }
    return (root, plan)
  }

  @Test func anEmptyRootGetsAllThatARuntimeNeeds() throws {
    let (root, plan) = try planned([:])
    #expect(plan.diagnostics.isEmpty)
    for path: FilePath in ["dev", "proc", "root", "var/tmp", "tmp", "etc", "sys", "home", ".singularity.d/libs"] {
      #expect(root.entry(at: path) == .directory)
    }
    #expect(root.entry(at: ".run") == .link(".singularity.d/actions/run"))
    #expect(root.entry(at: "singularity") == .link(".singularity.d/runscript"))
    #expect(root.files["etc/hosts"]?.bytes == [] && root.files["etc/resolv.conf"]?.mode == 0o644)
    for file in files.files {
      #expect(root.files[file.path]?.bytes == file.bytes && root.files[file.path]?.mode == file.mode)
    }
  }

  @Test func whatTheImageHasGivesWayOrStays() throws {
    let (root, plan) = try planned([
      ".singularity.d": .directory, ".singularity.d/Singularity": .regular,
      ".singularity.d/bootstrap_history": .directory, ".singularity.d/bootstrap_history/Apptainer1": .regular,
      ".singularity.d/env": .regular, ".run": .regular, ".exec": .link("/bin/sh"), "environment": .directory,
      "home": .regular, "etc": .link("/usr/etc"), "usr": .directory, "usr/etc": .directory,
      "usr/etc/hosts": .link("hosts.real"), "usr/etc/hosts.real": .regular,
      "usr/etc/resolv.conf": .link("../run/systemd/resolve/stub-resolv.conf"), "tmp": .link("nowhere"),
    ])
    #expect(root.entry(at: ".singularity.d/bootstrap_history/Apptainer2") == .regular)
    #expect(root.files[".singularity.d/Singularity"] != nil)
    #expect(root.entry(at: ".singularity.d/env") == .directory)
    #expect(root.entry(at: ".run") == .regular && root.entry(at: "environment") == .directory)
    #expect(root.entry(at: ".exec") == .link(".singularity.d/actions/exec"))
    #expect(root.files["usr/etc/hosts.real"]?.bytes == [] && root.files["usr/etc/resolv.conf"]?.bytes == [])
    #expect(root.entry(at: "usr/etc/hosts") == .link("hosts.real") && root.entry(at: "nowhere") == .directory)
    #expect(
      plan.diagnostics.map(\.message) == [
        "/.run is the image's own: the runtime's stays away",
        "/environment is the image's own: the runtime's stays away",
        "/home is no directory: the runtime cannot mount anything there",
      ])
  }

  /// Whatever links an image has: the changes can be made in their order, the runtime finds its files, and what is
  /// somewhere else stays.
  @Test func everyRootBecomesOneThatARuntimeCanStart() throws {
    for seed in Soak.seeds(300) {
      var random = SeededGenerator(seed: seed)
      let before = TestRoot.random(&random)
      var root = before
      let plan = RootPlan(files, in: root)
      for change in plan.changes {
        do { try root.apply(change) } catch { Issue.record("seed \(seed): \(error)") }
      }
      for file in files.files {
        let found = root.followed(file.path)
        #expect(
          found?.entry == .regular && found.flatMap { root.files[$0.path]?.bytes } == file.bytes,
          "seed \(seed): \(file.path)")
      }
      #expect(root.followed(".singularity.d/libs")?.entry == .directory, "seed \(seed)")
      for path: FilePath in ["dev", "proc", "root", "var/tmp", "tmp", "etc", "sys", "home"]
      where root.followed(path)?.entry != .directory {
        let isTold = plan.diagnostics.contains { $0.message.hasPrefix("/\(path) is no directory") }
        #expect(isTold, "seed \(seed): \(path)")
      }
      let hosts = root.followed("etc/hosts")
      if root.followed("etc")?.entry == .directory, hosts?.entry != .regular {
        #expect(plan.diagnostics.contains { $0.message.hasPrefix("/etc/hosts is no file") }, "seed \(seed)")
      }
      for (path, entry) in before.entries where path.isBelow("usr") && root.entry(at: path) != entry {
        // Only where a link of ours leads there.
        #expect(before.entries.values.contains { if case .link = $0 { true } else { false } }, "seed \(seed): \(path)")
      }
      // A second time every link is right already.
      for change in RootPlan(files, in: root).changes {
        if case .link(let path, _) = change { Issue.record("seed \(seed): \(path)") }
      }
    }
  }
}
