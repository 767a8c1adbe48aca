import Testing
import TestSupport

@testable import MachineTools

/// The users of a machine and those of files that are laid over it, against what must hold of any two.
struct AccountMergeTests {
  private static func files(_ users: [(String, Int, Int)], _ groups: [(String, Int, [String])]) -> AccountMerge.Files {
    var files = AccountMerge.Files()
    files[.passwd] = users.map { "\($0.0):x:\($0.1):\($0.2)::/home/\($0.0):/bin/sh\n" }.joined()
    files[.shadow] = users.map { "\($0.0):$6$secret$\($0.0):19000:0:99999:7:::\n" }.joined()
    files[.group] = groups.map { "\($0.0):x:\($0.1):\($0.2.joined(separator: ","))\n" }.joined()
    files[.gshadow] = groups.map { "\($0.0):!::\n" }.joined()
    return files
  }

  private static func lines(_ text: String) -> [[String]] {
    text.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) }
  }

  private static func random(_ random: inout SeededGenerator) -> AccountMerge.Files {
    let names = ["root", "daemon", "casa", "brainvisa", "www", "sshd", "messagebus"].shuffled(using: &random)
    func numbers(_ count: Int) -> [Int] {
      Array([0, 1, 33, 100, 101, 999, 1000, 1001, 65534].shuffled(using: &random).prefix(count))
    }
    let count = Int.random(in: 1...names.count, using: &random)
    let groups = zip(names.shuffled(using: &random).prefix(count), numbers(count)).map { name, number in
      (name, number, Array(names.prefix(Int.random(in: 0...2, using: &random))))
    }
    let users = zip(names, numbers(count)).map { ($0, $1, groups.randomElement(using: &random)?.1 ?? 0) }
    return files(users, groups)
  }

  @Test func anyTwoSystemsMerge() throws {
    for seed in Soak.seeds(300) { try merge(seed) }
  }

  private func merge(_ seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let (mine, theirs) = (Self.random(&random), Self.random(&random))
    let merged = AccountMerge(mine, adding: theirs)
    for file in [AccountMerge.File.passwd, .shadow, .gshadow] {
      #expect(merged.files[file].hasPrefix(mine[file]), "what the machine has stays as it is")
    }
    for (file, renumbered) in [(AccountMerge.File.passwd, merged.users), (.group, merged.groups)] {
      let lines = Self.lines(merged.files[file])
      #expect(Set(lines.map { $0[0] }).count == lines.count, "no name twice")
      let byName = Dictionary(uniqueKeysWithValues: lines.map { ($0[0], $0[2]) })
      for line in Self.lines(theirs[file]) {
        let number = try #require(Int(line[2]))
        #expect(byName[line[0]] == String(renumbered[number] ?? number), "its files belong to the same name")
      }
      let own = Set(Self.lines(mine[file]).map { $0[2] })
      let added = lines.dropFirst(Self.lines(mine[file]).count).map { $0[2] }
      #expect(own.isDisjoint(with: added) && Set(added).count == added.count, "no number means two")
    }
    let known = Set(Self.lines(mine[.shadow]).map { $0[0] })
    for line in Self.lines(merged.files[.shadow]) where !known.contains(line[0]) {
      #expect(!line[1].hasPrefix("$"), "a password of an image opens no machine")
    }
    #expect(AccountMerge(merged.files, adding: mine).files == merged.files, "merging again changes nothing")
  }

  @Test func membersOfGroupsAreAdded() {
    let mine = Self.files([("root", 0, 0), ("me", 1000, 1000)], [("video", 44, ["me"]), ("me", 1000, [])])
    let theirs = Self.files([("casa", 1000, 1000)], [("video", 39, ["casa"]), ("casa", 1000, [])])
    let merged = AccountMerge(mine, adding: theirs)
    #expect(merged.files[.group] == "video:x:44:me,casa\nme:x:1000:\ncasa:x:1001:\n")
    #expect(merged.files[.passwd].hasSuffix("casa:x:1001:1001::/home/casa:/bin/sh\n"))
    #expect(merged.users == [1000: 1001] && merged.groups == [39: 44, 1000: 1001])
  }
}

struct PackageDatabaseTests {
  private static func stanza(_ name: String, _ version: String, _ status: String = "install ok installed") -> String {
    "Package: \(name)\nStatus: \(status)\nArchitecture: amd64\nVersion: \(version)\nDescription: x\n more\n\n"
  }

  @Test func whatLiesThereIsWhatIsKnown() {
    let mine = PackageDatabase(Self.stanza("a", "1") + Self.stanza("kernel", "6") + Self.stanza("gone", "1"))
    let theirs = PackageDatabase(
      Self.stanza("a", "2") + Self.stanza("new", "3") + Self.stanza("gone", "2", "deinstall ok config-files"))
    let both = mine.laidOver(by: theirs)
    #expect(
      both.status == Self.stanza("a", "2") + Self.stanza("kernel", "6") + Self.stanza("gone", "1")
        + Self.stanza("new", "3"))
    #expect(PackageDatabase(both.status) == both)
  }
}

struct PathPatternTests {
  @Test(arguments: [
    ("/etc/ssh/ssh_host_*", "/etc/ssh/ssh_host_rsa_key", true), ("/etc/ssh/ssh_host_*", "/etc/ssh/sshd_config", false),
    ("/boot", "/boot/grub/grub.cfg", true), ("/boot", "/bootx", false), ("/dev/*", "/dev", false),
    ("/a/[b-d]?x", "/a/cyx", true), ("/a/[!b-d]?x", "/a/cyx", false), ("*/c", "a/b/c", false),
    ("/a*b*c", "/axbybzc", true),
    ("/a\\*", "/a*", true), ("/a\\*", "/ab", false), ("/a[", "/a[", true), ("", "/a", false),
  ])
  func patternsCoverPathsAndWhatIsBelow(_ pattern: String, _ path: String, _ isCovered: Bool) {
    #expect(PathPattern(pattern).covers(path.split(separator: "/").map { Array($0.utf8) }) == isCovered)
  }
}
