/// Segments that are to make way for one, or for none: prepared, then published, then cleared.
///
/// Until ``SegmentLog/publish(_:)`` the log is as it was, whatever happens; from then on it has the new segment, and the
/// files of the old ones, which some may still be reading, stay until ``SegmentLog/clear(_:)``. A crash in between
/// leaves files that the next open removes.
package struct Replacement: Sendable {
    /// Adjacent segments, oldest first.
    package let old: [SegmentSummary]
    /// What takes their place; nil where they are dropped.
    package let new: SegmentSummary?
    /// The same as the manifest lists it.
    let listed: Manifest.Closed?

    init(old: [SegmentSummary], new: Manifest.Closed?) {
        self.old = old
        self.new = new.map(SegmentSummary.init)
        listed = new
    }

    /// The old segments whose records stand elsewhere now, or nowhere; a sealed one keeps its id.
    var retired: [SegmentSummary] { old.filter { $0.id != new?.id } }
}
