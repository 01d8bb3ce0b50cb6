"""Writes a picture of 320x200 pixels: FORMAT FILE [animated]. For /usr/bin/python3, which has Debian's Pillow."""
import sys

from PIL import Image

image = Image.linear_gradient("L").resize((320, 200)).convert("RGB")
turned = {"save_all": True, "append_images": [image.rotate(turn * 10) for turn in range(1, 5)]}
image.save(sys.argv[2], sys.argv[1], **(turned if sys.argv[3:] else {}))
