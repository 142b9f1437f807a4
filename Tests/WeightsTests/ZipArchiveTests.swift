import TestSupport
import Testing

@testable import Weights

struct ZipArchiveTests {
    /// An archive with two stored members, `0.npy` and `1.npy`, and the positions of its records.
    struct Sample {
        var bytes: [UInt8]
        let layout: ZipLayout
        let contents = [Array("the first one".utf8), Array("the second".utf8)]

        init(names: [String] = ["0.npy", "1.npy"]) {
            let contents = contents
            layout = ZipLayout(
                zip(names, contents).map { name, content in
                    ZipLayout.Member(name, byteCount: Int64(content.count), checksum: CRC32.of(content))
                }
            )
            bytes = []
            for (member, content) in zip(layout.members, contents) { bytes += member.localHeader + content }
            bytes += layout.directory(checksums: [0, 0])
        }

        var directory: Int { Int(layout.directoryOffset) }
        var secondEntry: Int { directory + ZipFormat.directoryEntryByteCount + 5 }
        var end: Int { bytes.count - ZipFormat.endOfDirectoryByteCount }

        /// Overwrites the bytes at `offset` with a number.
        mutating func put(_ number: some FixedWidthInteger, at offset: Int) {
            var word: [UInt8] = []
            word.append(littleEndian: number)
            bytes.replaceSubrange(offset..<offset + word.count, with: word)
        }

        func open(_ limits: ModelLimits = .default) throws(WeightsError) -> ZipArchive {
            try ZipArchive(MemorySource(bytes), limits: limits)
        }

        /// Returns the error of opening the archive or reading its members; nil if both succeed.
        func rejection(_ limits: ModelLimits = .default) -> WeightsError? {
            WeightsTests.rejection { () throws(WeightsError) in
                let archive = try open(limits)
                for member in archive.members { _ = try archive.content(of: member) }
            }
        }
    }

    @Test func membersAreRead() throws {
        let sample = Sample()
        let archive = try sample.open()
        #expect(try archive.members.map { try archive.content(of: $0) } == sample.contents)
    }

    @Test func bytesAfterTheArchiveAreRejected() {
        var sample = Sample()
        sample.bytes.append(0)
        #expect(sample.rejection() == .zip(.noEndOfDirectory))
    }

    @Test func bytesBeforeTheArchiveAreRejected() {
        var sample = Sample()
        sample.bytes.insert(0, at: 0)
        #expect(sample.rejection() == .zip(.misplacedDirectory))
    }

    @Test func bytesAfterTheDirectoryAreRejected() {
        var sample = Sample()
        sample.bytes.insert(0, at: sample.end)
        #expect(sample.rejection() == .zip(.misplacedDirectory))
    }

    @Test(arguments: [4, 6])
    func multiDiskArchiveIsRejected(offset: Int) {
        var sample = Sample()
        sample.put(UInt16(1), at: sample.end + offset)
        #expect(sample.rejection() == .zip(.multiDisk))
    }

    @Test(arguments: [0, 6, 13, 5])
    func encryptedMemberIsRejected(bit: Int) {
        var sample = Sample()
        sample.put(UInt16(1) << UInt16(bit), at: sample.directory + 8)
        #expect(sample.rejection() == .member("0.npy", .encrypted))
    }

    @Test(arguments: [UInt16(1), 9, 12, 14, 93, 0xffff])
    func unsupportedMethodIsRejected(_ method: UInt16) {
        var sample = Sample()
        sample.put(method, at: sample.secondEntry + 10)
        #expect(sample.rejection() == .member("1.npy", .unsupportedMethod(method)))
    }

    @Test func storedMemberWithTwoSizesIsRejected() {
        var sample = Sample()
        sample.put(UInt32(12), at: sample.directory + 24)
        #expect(sample.rejection() == .member("0.npy", .sizes))
    }

    @Test func duplicateNameIsRejected() {
        #expect(Sample(names: ["0.npy", "0.npy"]).rejection() == .zip(.duplicateName("0.npy")))
    }

    @Test func nameWithNULIsRejected() {
        #expect(Sample(names: ["0.npy", "1\0npy"]).rejection() == .zip(.invalidName("1\0npy")))
    }

    @Test func overlappingMembersAreRejected() {
        var sample = Sample()
        sample.put(UInt32(sample.layout.headerOffsets[1] - 1), at: sample.secondEntry + 42)
        #expect(sample.rejection() == .member("0.npy", .overlap))
    }

    @Test func membersAtOneOffsetAreRejected() {
        var sample = Sample()
        sample.put(UInt32(0), at: sample.secondEntry + 42)
        #expect(sample.rejection() == .member("1.npy", .overlap))
    }

    @Test func memberOverlappingTheDirectoryIsRejected() {
        var sample = Sample()
        sample.put(UInt32(11), at: sample.secondEntry + 20)
        sample.put(UInt32(11), at: sample.secondEntry + 24)
        #expect(sample.rejection() == .member("1.npy", .overlap))
    }

    /// The length of the local header's extra field is used, but the data must end before the next member.
    @Test func localHeaderMovingDataIntoNextMemberIsRejected() {
        var sample = Sample()
        sample.put(UInt16(1), at: 28)
        #expect(sample.rejection() == .member("0.npy", .overlap))
    }

    @Test func localHeaderWithAnotherNameIsRejected() {
        var sample = Sample()
        sample.bytes[ZipFormat.localHeaderByteCount] = UInt8(ascii: "7")
        #expect(sample.rejection() == .member("0.npy", .localHeader(offset: 0)))
    }

    @Test func sizesInTheLocalHeaderAreIgnored() {
        var sample = Sample()
        for offset in [14, 18, 22] { sample.put(UInt32.max, at: offset) }
        #expect(sample.rejection() == nil)
    }

    @Test func flippedBitFailsTheChecksum() {
        var sample = Sample()
        sample.bytes[sample.directory - 1] ^= 1
        let found = CRC32.of(Array("the secone".utf8))
        let expected = CRC32.of(sample.contents[1])
        #expect(sample.rejection() == .member("1.npy", .checksum(expected: expected, found: found)))
    }

    @Test(arguments: [1, 3])
    func wrongMemberCountIsRejected(_ count: UInt16) {
        var sample = Sample()
        sample.put(count, at: sample.end + 8)
        sample.put(count, at: sample.end + 10)
        guard case .zip(.directory) = sample.rejection() else {
            Issue.record("\(String(describing: sample.rejection()))")
            return
        }
    }

    @Test func limitsAreEnforced() {
        let sample = Sample()
        func rejection(_ change: (inout ModelLimits) -> Void) -> WeightsError? {
            var limits = ModelLimits.default
            change(&limits)
            return sample.rejection(limits)
        }
        #expect(rejection { $0.memberCountMax = 1 } == .zip(.tooManyMembers(count: 2, countMax: 1)))
        #expect(rejection { $0.nameByteCountMax = 4 } == .zip(.nameTooLong(byteCount: 5, byteCountMax: 4)))
        #expect(
            rejection { $0.directoryByteCountMax = 101 }
                == .zip(.directoryTooLarge(byteCount: 102, byteCountMax: 101))
        )
        #expect(rejection { $0.byteCountMax = 22 } == .member("1.npy", .tooLarge(byteCount: 10, byteCountMax: 22)))
        #expect(rejection { $0.byteCountMax = 23 } == nil)
    }
}
