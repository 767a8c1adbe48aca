import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import MachineTools

/// VirtualBox as it answers, played.
struct VirtualBoxTests {
  private static func box(_ processes: ScriptedProcessRunner) -> VirtualBox {
    VirtualBox(
      home: "/store/virtualbox", processes: processes, files: InMemoryFileSystem(), environment: ["PATH": "/usr/bin"],
      clock: ManualClock())
  }

  @Test func noCommandDeletesADiskAndTheRegistryIsOurs() async throws {
    let processes = ScriptedProcessRunner { call in
      switch call.arguments[1] {
      case "list": .prints("\"coppice-a\" {1}\n\"somebody's\" {2}\n")
      case "showvminfo":
        .prints("name=\"coppice-a\"\nVMState=\"poweroff\"\n\"SATA-0-0\"=\"/base.vdi\"\n\"SATA-1-0\"=\"none\"\n")
      default: .prints("")
      }
    }
    #expect(try await Self.box(processes).removeAbandoned() == ["coppice-a"])
    let said = processes.commandLines.map { $0.dropFirst().joined(separator: " ") }
    #expect(said.contains("unregistervm coppice-a"))
    #expect(said.contains("storageattach coppice-a --storagectl SATA --port 0 --device 0 --medium none"))
    #expect(!said.contains { $0.contains("--delete") || $0.contains("somebody") })
    #expect(processes.calls.allSatisfy { $0.environment?["VBOX_USER_HOME"] == "/store/virtualbox/registry" })
    await #expect(throws: Failure.self) { try await Self.box(processes).remove("somebody's") }
  }

  @Test func aMachineThatCannotBeMadeIsTakenApart() async throws {
    let processes = ScriptedProcessRunner { call in
      switch call.arguments[1] {
      case "storageattach" where call.arguments.contains("hdd"): .fails(1, "VBoxManage: error: no such medium")
      case "showvminfo": .prints("VMState=\"poweroff\"\n")
      default: .prints("")
      }
    }
    let failure = await #expect(throws: Failure.self) {
      _ = try await Self.box(processes).create(MachineHardware(), disk: "/none.vdi")
    }
    #expect(failure?.message.contains("no such medium") ?? false)
    #expect(processes.commandLines.last?[1] == "unregistervm")
  }

  @Test func passwordsAreNoArguments() async throws {
    let processes = ScriptedProcessRunner { _ in .prints("0\n") }
    let login = GuestLogin(user: "root", passwordFile: "/private/password")
    _ = try await Self.box(processes).run(["/bin/sh", "-c", "id -u"], in: "coppice-a", login)
    #expect(
      processes.commandLines.last == [
        "VBoxManage", "guestcontrol", "coppice-a", "run", "--username", "root", "--passwordfile", "/private/password",
        "--wait-stdout", "--wait-stderr", "--", "/bin/sh", "-c", "id -u",
      ])
  }
}

/// The real program, as far as it goes without its kernel module. COPPICE_VIRTUALBOX holds the words that run VBoxManage.
@Suite(
  .serialized, .enabled(if: RealVirtualBox.program != nil, "make machines compares with VirtualBox where it can be had")
)
struct RealVirtualBoxTests {
  private let directory: TemporaryDirectory
  private let processes = PosixProcessRunner()
  private let box: VirtualBox
  private let disks: DiskTool

  init() throws {
    directory = try TemporaryDirectory()
    box = VirtualBox(
      program: try #require(RealVirtualBox.program), home: directory / "box", processes: processes,
      files: directory.fileSystem, environment: ProcessEnvironment.current)
    disks = DiskTool(processes: processes, environment: ProcessEnvironment.current)
  }

  private func disk() async throws -> FilePath {
    try directory.write("raw", String(repeating: "x", count: 8 << 20))
    let export = DiskExport(disks: disks, files: directory.fileSystem, identity: MachineIdentity(.sha256("real")))
    try await export.writeVDI(directory / "raw", to: directory / "disk.vdi")
    return directory / "disk.vdi"
  }

  @Test func ourDiskIsKnownByItsIdentity() async throws {
    let shown = String(
      decoding: try await box.run("showmediuminfo", "disk", try await disk().description), as: UTF8.self)
    #expect(shown.contains(MachineIdentity(.sha256("real")).disk))
    #expect(shown.contains("Storage format: VDI") && shown.contains("8 MBytes"))
  }

  @Test func aMachineComesAndGoesAndItsDiskStays() async throws {
    let path = try await disk()
    var hardware = MachineHardware()
    (hardware.memory, hardware.cpus, hardware.videoMemory) = (1536, 2, 32)
    let name = try await box.create(hardware, disk: path)
    let facts = try await box.facts(of: name)
    #expect(facts["memory"] == "1536" && facts["cpus"] == "2" && facts["vram"] == "32")
    #expect(facts["SATA-0-0"] == path.description)
    #expect(try await box.removeAbandoned() == [name])
    #expect(try await box.removeAbandoned().isEmpty)
    #expect(try directory.fileSystem.statusIfPresent(of: path) != nil)
    try await disks.check(path, .vdi)
  }

  @Test func ourApplianceIsImported() async throws {
    _ = try await disk()
    var hardware = MachineHardware()
    (hardware.memory, hardware.cpus, hardware.videoMemory, hardware.diskSize) = (1024, 1, 48, 8 << 20)
    let identity = MachineIdentity(.sha256("real"))
    let export = DiskExport(disks: disks, files: directory.fileSystem, identity: identity)
    try await export.writeAppliance(
      directory / "raw", name: "casa-run-1", hardware, in: directory.path, to: directory / "m.ova")
    let name = "coppice-imported"
    try await box.run(
      "import", (directory / "m.ova").description, "--vsys", "0", "--vmname", name, "--basefolder",
      (directory / "box/machines").description, "--options", "keepallmacs")
    let facts = try await box.facts(of: name)
    #expect(facts["memory"] == "1024" && facts["cpus"] == "1" && facts["vram"] == "48")
    #expect(facts["macaddress1"] == identity.address && facts["nic1"] == "nat")
    #expect(facts["SATA-0-0"]?.hasSuffix(".vmdk") ?? false)
    try await box.remove(name)
  }
}

enum RealVirtualBox {
  static var program: [String]? {
    ProcessEnvironment.current["COPPICE_VIRTUALBOX"].map { $0.split(separator: " ").map(String.init) }
  }
}
