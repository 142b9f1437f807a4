/// The replacement of segments by one, or by none: prepared, then published, then cleared.
///
/// Until ``SegmentLog/publish(_:)``, the log is unchanged; afterwards it has the new segment. The files of the old
/// ones, which may still be read, exist until ``SegmentLog/clear(_:)``. A crash in between leaves files that the next
/// open removes.
package struct Replacement: Sendable {
    /// Adjacent segments, oldest first.
    package let old: [SegmentSummary]
    /// The new segment; nil if the old ones are dropped.
    package let new: SegmentSummary?
    /// The new segment, as the manifest lists it.
    let listed: Manifest.Closed?

    init(old: [SegmentSummary], new: Manifest.Closed?) {
        self.old = old
        self.new = new.map(SegmentSummary.init)
        listed = new
    }

    /// The old segments that do not exist any more after the replacement; a segment that is sealed keeps its id.
    var retired: [SegmentSummary] { old.filter { $0.id != new?.id } }
}
