// Package pdq is Facebook's perceptual hash of pictures: near pictures have near hashes. It follows the reference ("The TMK+PDQF video-hashing
// algorithm and the PDQ image-hashing algorithm", 2019; facebook/ThreatExchange, pdq/), whose hashes it gives on the same pixels.
//
// A picture matches another at a distance of MatchDistance or less, of 256; hashes of a quality below MinQuality say too little to be matched at all.
package pdq
