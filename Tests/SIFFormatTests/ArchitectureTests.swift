import ImageModel
import Testing

@testable import SIFFormat

struct ArchitectureTests {
  @Test(arguments: SIFArchitecture.allCases) func everyCodeIsReadAsItIsWritten(architecture: SIFArchitecture) {
    #expect(architecture.code.count == 3)
    #expect(SIFArchitecture(code: architecture.code[...]) == architecture)
    let platform = Platform(os: "linux", architecture: architecture.description)
    #expect(SIFArchitecture(platform) == (architecture == .unknown ? nil : architecture))
  }

  @Test func codesAreThoseOfTheFormat() {
    #expect(SIFArchitecture.i386.code == [48, 49, 0])
    #expect(SIFArchitecture.amd64.code == [48, 50, 0])
    #expect(SIFArchitecture.loong64.code == [49, 51, 0])
    #expect(SIFArchitecture(code: [57, 57, 0]) == .unknown)
    #expect(SIFArchitecture(code: [0xFF, 0, 1]) == .unknown)
  }

  private func header(_ machine: Int, is64: Bool, isLittle: Bool) -> [UInt8] {
    let number = [UInt8(machine & 255), UInt8(machine >> 8)]
    return [0x7F, 69, 76, 70, is64 ? 2 : 1, isLittle ? 1 : 2] + [UInt8](repeating: 0, count: 12)
      + (isLittle ? number : number.reversed())
  }

  @Test(arguments: [
    (62, true, true, SIFArchitecture.amd64), (3, false, true, .i386), (183, true, true, .arm64),
    (21, true, true, .ppc64le), (21, true, false, .ppc64), (22, true, false, .s390x), (243, true, true, .riscv64),
    (8, false, false, .mips), (999, true, true, .unknown),
  ])
  func aProgramTellsItsProcessor(machine: Int, is64: Bool, isLittle: Bool, expected: SIFArchitecture) throws {
    let bytes = header(machine, is64: is64, isLittle: isLittle)
    let elf = try #require(ELFHeader(bytes + [1, 2, 3]))
    #expect(elf.architecture == expected)
    #expect(elf.contradiction(to: expected, program: "bin/sh") == nil)
    #expect((elf.contradiction(to: .arm, program: "bin/sh") == nil) == (expected == .unknown))
    #expect(ELFHeader(bytes.dropLast()) == nil)
    #expect(ELFHeader(Array("#!/bin/sh and more than enough".utf8)) == nil)
  }
}
