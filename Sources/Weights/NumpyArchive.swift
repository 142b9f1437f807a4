/// An `.npz` archive as the client's numpyhelper reads it.
///
/// The helper reads the keys `0` to one less than the number of members, so the names must be exactly these: names such
/// as `arr_0`, a gap, or a member of another kind make the client fail. The order is numeric: `10` comes after `9`.
/// Source: the official client, `scaleoututil/helpers/plugins/numpyhelper.py`, `load`.
enum NumpyArchive {
    /// Returns the member name of the array with index `index`.
    static func memberName(_ index: Int) -> String { "\(index).npy" }

    /// Describes all arrays in numeric order; reads each member's header.
    ///
    /// - Throws: The error of the first invalid member.
    static func arrays(in archive: ZipArchive) throws(WeightsError) -> ([ArrayDescriptor], [ArrayLocation]) {
        var found = [(ArrayDescriptor, ArrayLocation)?](repeating: nil, count: archive.members.count)
        for member in archive.members where index(member, count: found.count) == nil {
            throw .unexpectedMember(member.name)
        }
        // In file order, so that an archive that is itself deflated is inflated only once.
        for member in archive.members.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            guard let index = index(member, count: found.count) else { throw .unexpectedMember(member.name) }
            found[index] = try array(member, archive)
        }
        // There are as many names as indices and no name is a duplicate, so every index is filled.
        let arrays = found.compactMap(\.self)
        return (arrays.map(\.0), arrays.map(\.1))
    }

    /// Returns the index in a member's name; nil if the client would not read this name.
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
    ) throws(WeightsError) -> (ArrayDescriptor, ArrayLocation) {
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
