/** Short sounds, made on the spot. */

/** Notes in hertz, one after the other. */
const TUNES = { knock: [660, 660], connector: [880, 587, 880, 587], up: [523, 659, 784] };

/** @param {keyof typeof TUNES} which */
export function chime(which) {
	const sound = new AudioContext();
	if (sound.state === "suspended") return void sound.close(); // nobody has touched the page yet: the banner has to do
	const gain = sound.createGain();
	gain.gain.value = 0.08;
	gain.connect(sound.destination);
	const notes = TUNES[which];
	notes.forEach((hertz, i) => {
		const note = sound.createOscillator();
		note.frequency.value = hertz;
		note.connect(gain);
		note.start(sound.currentTime + i * 0.16);
		note.stop(sound.currentTime + i * 0.16 + 0.13);
		if (i === notes.length - 1) note.onended = () => void sound.close();
	});
}
