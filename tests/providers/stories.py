"""Texts that the tests of several providers share."""

STORY = """The Keeper's Letters

At dusk the keeper climbed the spiral stairs of the lighthouse, carrying a lantern and a letter he had read a \
hundred times. The sea below was calm for once. Gulls wheeled over the rocks, and far out a single ship turned for \
the harbour.

"You will go in the morning," his sister had written. "Take the first train. Do not wait for spring." He folded the \
page along its old lines. Then he lit the lamp, as he had every evening for thirty years, and the beam went out over \
the dark water.

In the morning the village was covered in snow. Smoke rose from the chimneys of the cottages, and the church bell \
struck seven. He locked his door, gave the key to Mrs. Dunmore, and walked down the lane with one small bag. Nobody \
asked where he was going. In a village of that size, everybody knew.

The station stood at the end of a long road. A train was waiting, black and patient, its windows yellow in the fog. \
He found a seat by the window. Across from him sat a girl with a dog on her knees; the dog looked at him as if they \
had met before.

"Are you going to the city?" the girl asked.

"I am going to my brother's wedding," he said. "And you?"

"To the mountains. My father builds bridges."

They crossed the first of those bridges at noon. Below them the river ran green between cliffs, and the sun stood \
high over the valley. The girl pressed her nose to the glass. For a moment the whole train seemed to be flying.

After the valley came the forest. Pine trees closed over the line like a roof, and the light went thin and green. A \
deer stood between two trunks and did not run. He thought of the letter again: in it was a sentence he did not \
understand, about a house with a red door.

The city began before he had noticed it. Towers rose out of the evening, thousands of windows lit at once, and the \
streets below were full of people and cars. He had not been there for eleven years. Everything he remembered was \
gone, except the clock over the station.

He found the house in a narrow street behind the market. It had a red door. Rain had begun to fall, and the lamps \
made long yellow paths on the pavement. He stood there with his bag for a while, an old man in a wet coat, and then \
he knocked.

It was warm inside. A fire burned in the hearth, there were books on every shelf, and on the table stood two cups of \
tea, as if somebody had known the minute. His brother was thinner. "You came," he said.

Later his brother told him about the years in the desert: the dunes that moved in the night, the camels, the oasis \
with its eleven palm trees, and the afternoon when the sand covered their road and they had to wait two days for the \
wind to give it back.

The wedding was in a meadow outside the town. The grass was high, the sky was blue, and an enormous striped balloon \
stood over the orchard because the bride had wished for one. Children ran after the dog.

In the afternoon they rowed out on the lake. The boat was small and the brothers were not. Clouds drifted across the \
water upside down, and for a long time neither of them spoke. "Stay," said his brother at last.

He thought of the storm that would come in November, the waves against the tower, the lightning over the island. He \
thought of ships. Who would light the lamp? There was a new machine for it, people said, that needed nobody at all.

That night he could not sleep. He stood at the window of the small room and looked at the stars. Somewhere up there, \
his brother's boy had told him, a rocket was on its way to Mars, with a letter in it from every school in the country.

In the winter a postcard came to the village, and Mrs. Dunmore read it aloud in the inn. It showed a glacier under a \
pale sun, blue ice and a sledge with eleven dogs.
"""
