/// An archive of arrays as numpyhelper reads it.
///
/// It asks for the keys `0` to one less than the count of members, so that is what must be there: names as `arr_0`, a gap
/// or a member of another kind make it fail in the client. The order is that of the numbers: `10` comes after `9`.
/// Source: the official client, `scaleoututil/helpers/plugins/numpyhelper.py`, `load`.
enum NumpyArchive {
    /// The name of the member with the array of that number.
    static func memberName(_ index: Int) -> String { "\(index).npy" }

    /// Describes all arrays, in the order of their numbers; reads each member's header.
    ///
    /// - Throws: Why the first bad member is refused.
    static func arrays(in archive: ZipArchive) throws(WeightsError) -> ([ArrayDescriptor], [ArrayPlace]) {
        var found = [(ArrayDescriptor, ArrayPlace)?](repeating: nil, count: archive.members.count)
        for member in archive.members where index(member, count: found.count) == nil {
            throw .unexpectedMember(member.name)
        }
        // In the order of the file, so that an archive that is deflated itself is read once.
        for member in archive.members.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            guard let index = index(member, count: found.count) else { throw .unexpectedMember(member.name) }
            found[index] = try array(member, archive)
        }
        // There are as many names as places and none comes twice, so no place is left.
        let arrays = found.compactMap(\.self)
        return (arrays.map(\.0), arrays.map(\.1))
    }

    /// The number in a member's name, where it is written as the client writes it.
    private static func index(_ member: ZipMember, count: Int) -> Int? {
        guard let dot = member.nameBytes.firstIndex(of: UInt8(ascii: ".")),
            let index = Int(String(decoding: member.nameBytes[..<dot], as: UTF8.self)),
            (0..<count).contains(index), member.nameBytes.elementsEqual(memberName(index).utf8)
        else { return nil }
        return index
    }

    private static func array(
        _ member: ZipMember,
        _ archive: ZipArchive
    ) throws(WeightsError) -> (ArrayDescriptor, ArrayPlace) {
        let reader = try MemberReader(member, of: archive)
        let (descriptor, headerByteCount) = try ArrayHeader.read(reader, member: member.name)
        guard reader.remainingByteCount == descriptor.byteCount else {
            throw .arrayByteCount(
                member: member.name,
                expected: descriptor.byteCount,
                found: reader.remainingByteCount
            )
        }
        return (descriptor, .member(member, of: archive, headerByteCount: headerByteCount))
    }
}
