import ContentStore
import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import MachineTools

/// Appliances that we write, and those that somebody else may have written.
struct ApplianceTests {
  private let directory: TemporaryDirectory
  private let files = PosixFileSystem()

  init() throws { directory = try TemporaryDirectory() }

  private func written(_ hardware: MachineHardware = MachineHardware()) throws -> FilePath {
    try directory.write("disk.vmdk", String(repeating: "disk", count: 1000))
    let document = OVFDocument(
      name: "casa-run-1", hardware: hardware, identity: MachineIdentity(.sha256("x")),
      diskFile: "casa-run-1-disk1.vmdk",
      diskFileSize: 4000)
    let path = directory / "casa.ova"
    try ApplianceWriter(files: files).write(name: "casa-run-1", document, disk: directory / "disk.vmdk", to: path)
    return path
  }

  private func extract(_ path: FilePath) throws -> String {
    try ApplianceReader(files: files).extractDisk(of: path, to: directory / "out.vmdk")
    return try directory.text("out.vmdk")
  }

  @Test func ourOwnAreReadAgainAndAlwaysTheSame() throws {
    let first = try files.digest(of: try written())
    #expect(try extract(directory / "casa.ova") == String(repeating: "disk", count: 1000))
    #expect(try files.digest(of: try written()) == first)
    var hardware = MachineHardware()
    hardware.memory = 1024
    #expect(try files.digest(of: try written(hardware)) != first)
  }

  private func archive(_ members: [(String, String)]) throws -> FilePath {
    let file = try files.create(in: directory.path, mode: 0o644)
    let writer = PayloadWriter(file)
    for (name, text) in members {
      try writer.add(
        PayloadEntry(path: Array(name.utf8), kind: .file(size: text.utf8.count), mode: 0o644), Array(text.utf8))
    }
    try writer.finish()
    try file.commit(to: directory / "foreign.ova")
    return directory / "foreign.ova"
  }

  private static func description(_ href: String, _ more: String = "") -> String {
    """
    <!-- <File ovf:id="file1" ovf:href="../../etc/shadow"/> -->
    <Envelope><References><File ovf:href='\(href)' ovf:id='file1'/></References>
    <DiskSection><Disk ovf:diskId="d" ovf:fileRef="file1" ovf:format="http://x/vmdk.html#sparse"/>\(more)</DiskSection></Envelope>
    """
  }

  @Test func anotherToolsApplianceIsRead() throws {
    let path = try archive([
      ("m.ovf", Self.description("d.vmdk")), ("d.vmdk", "bytes"), ("m.mf", "SHA1 (d.vmdk) = 00\n"),
    ])
    #expect(try extract(path) == "bytes")
  }

  @Test(arguments: [
    ([("m.ovf", description("/etc/passwd")), ("d.vmdk", "x")], "leads out"),
    ([("m.ovf", description("../d.vmdk")), ("d.vmdk", "x")], "leads out"),
    ([("../../m.ovf", description("d.vmdk")), ("d.vmdk", "x")], "no plain name"),
    ([("/m.ovf", description("d.vmdk")), ("d.vmdk", "x")], "no plain name"),
    ([("m.ovf", description("d.vmdk")), ("../d.vmdk", "x")], "no plain name"),
    ([("m.ovf", description("d.vmdk"))], "not in it"),
    ([("d.vmdk", "x"), ("m.ovf", description("d.vmdk"))], "not in it"),
    ([("d.vmdk", "x")], "no description"),
    ([("m.ovf", "nothing"), ("d.vmdk", "x")], "names no disk"),
    ([("m.ovf", description("d.vmdk", "<Disk ovf:diskId='e'/>")), ("d.vmdk", "x")], "2 disks"),
    ([("m.ovf", description("d.vmdk")), ("d.vmdk", "x"), ("d.vmdk", "y")], "twice"),
    (
      [
        ("m.ovf", description("d.vmdk")), ("d.vmdk", "x"),
        ("m.mf", "SHA256 (d.vmdk) = " + String(repeating: "0", count: 64)),
      ], "damaged"
    ),
  ])
  func hostileOnesAreRefusedAndNothingIsWritten(_ members: [(String, String)], _ words: String) throws {
    let path = try archive(members)
    let failure = #expect(throws: Failure.self) { _ = try extract(path) }
    #expect(failure?.message.contains(words) ?? false, "\(failure?.message ?? "")")
    #expect(try files.statusIfPresent(of: directory / "out.vmdk") == nil)
  }

  @Test(arguments: [100, 700, 3000, 5000]) func truncatedOnesAreRefused(_ size: Int) throws {
    let bytes = try files.contents(of: try written(), limit: 1 << 20)
    try files.replace(directory / "short.ova", with: Array(bytes.prefix(size)), mode: 0o644)
    #expect(throws: (any Error).self) { _ = try extract(directory / "short.ova") }
    #expect(try files.statusIfPresent(of: directory / "out.vmdk") == nil)
  }

  @Test func identitiesFollowFromTheDigestAlone() {
    let (first, second) = (MachineIdentity(.sha256("a")), MachineIdentity(.sha256("b")))
    #expect(first == MachineIdentity(.sha256("a")))
    #expect(first.machine != first.disk && first.disk != second.disk && first.address != second.address)
    #expect(first.address.hasPrefix("080027") && first.address.count == 12)
    #expect(
      MachineIdentity.diskBytes("00112233-4455-6677-8899-aabbccddeeff")
        == [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF])
  }
}
